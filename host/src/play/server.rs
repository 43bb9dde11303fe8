//! One page, served to browsers on this machine.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// The most that a request may have before its body, and the time for it.
const LIMIT: u64 = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(2);

/// The page cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve the page on this machine; write it to a file with -o, and open that")]
pub struct ServerError(#[from] io::Error);

/// A server of one page.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    port: u16,
}

impl Server {
    /// A server at a port that is free, for this machine alone.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn new() -> Result<Self, ServerError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// The page's address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Serves the page for ever.
    pub fn run(&self, page: &str) -> ! {
        loop {
            if let Ok((stream, _)) = self.listener.accept() {
                // A browser that goes away does not matter to the next one.
                let _ = self.answer(stream, page);
            }
        }
    }

    fn answer(&self, stream: TcpStream, page: &str) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new((&stream).take(LIMIT)).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let mut host = String::new();
        loop {
            let Some(line) = lines.next().transpose()? else { return Ok(()) };
            match line.split_once(':') {
                _ if line.is_empty() => break,
                Some((name, value)) if name.eq_ignore_ascii_case("host") => {
                    value.trim().clone_into(&mut host);
                }
                _ => {}
            }
        }
        // By another name it would be a page of somebody else's that asks.
        let is_known =
            ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{}", self.port));
        let (status, body) = match request.split(' ').collect::<Vec<_>>()[..] {
            _ if !is_known => ("421 Misdirected Request", ""),
            ["GET", "/", _] => ("200 OK", page),
            ["GET", _, _] => ("404 Not Found", ""),
            _ => ("405 Method Not Allowed", ""),
        };
        let length = body.len();
        write!(
            &stream,
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// What a server answers, whose port stands for `PORT`.
    fn answer(request: &str) -> String {
        let server = Server::new().unwrap();
        let request = request.replace("PORT", &server.port.to_string());
        let address = (Ipv4Addr::LOCALHOST, server.port);
        thread::spawn(move || server.run("the page"));
        let mut stream = TcpStream::connect(address).unwrap();
        // A server that gives a request up may do so before it has read all of it.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn the_page_is_given_to_this_machine_by_its_own_name_and_nothing_else_is() {
        let page = answer("GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n");
        assert!(
            page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("\r\n\r\nthe page"),
            "{page}"
        );
        assert!(answer("GET / HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n").contains(" 200 "));
        for (request, status) in [
            ("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "421"),
            ("GET / HTTP/1.1\r\n\r\n", "421"),
            ("GET /etc/passwd HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "404"),
            ("POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "405"),
            ("nonsense\r\nHost: 127.0.0.1:PORT\r\n\r\n", "405"),
        ] {
            let found = answer(request);
            assert!(found.starts_with(&format!("HTTP/1.1 {status} ")), "{request}\n{found}");
            assert!(!found.contains("the page"), "{found}");
        }
    }

    #[test]
    fn a_request_without_an_end_is_given_up() {
        assert_eq!(answer(&format!("GET / HTTP/1.1\r\nHost: {}", "x".repeat(32 << 10))), "");
    }
}
