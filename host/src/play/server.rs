//! One page, served to browsers on this machine.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The most that a request may have before its body, and the time for it.
const LIMIT: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(2);
/// The most time for a whole answer, whose pieces each have [`PATIENCE`].
const LONGEST: Duration = Duration::from_secs(60);
const PIECE: usize = 16 << 10;
/// The most browsers at once.
const CLIENTS: usize = 16;

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

    /// Serves the page for ever, to several browsers at once: none waits for a slow one.
    pub fn run(&self, page: &str) -> ! {
        let busy = AtomicUsize::new(0);
        thread::scope(|scope| {
            loop {
                let Ok((stream, _)) = self.listener.accept() else { continue };
                let busy = &busy;
                scope.spawn(move || {
                    if busy.fetch_add(1, Ordering::Relaxed) < CLIENTS {
                        // A browser that goes away does not matter to the next one.
                        let _ = self.answer(stream, page);
                    }
                    busy.fetch_sub(1, Ordering::Relaxed);
                });
            }
        })
    }

    fn answer(&self, stream: TcpStream, page: &str) -> io::Result<()> {
        stream.set_write_timeout(Some(PATIENCE))?;
        let head = head(&stream)?;
        let mut lines = head.lines();
        let request = lines.next().unwrap_or_default();
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        let host = fields.find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = host.map_or("", |(_, value)| value.trim());
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
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        );
        let deadline = Instant::now() + LONGEST;
        for piece in [head.as_bytes()].into_iter().chain(body.as_bytes().chunks(PIECE)) {
            (&stream).write_all(piece)?;
            if Instant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }
}

/// What a request has before its body, all of which comes within [`PATIENCE`].
fn head(mut stream: &TcpStream) -> io::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() > LIMIT {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => head.extend_from_slice(&piece[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
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
    fn nobody_waits_for_a_slow_reader() {
        let server = Server::new().unwrap();
        let (address, host) = ((Ipv4Addr::LOCALHOST, server.port), server.port);
        let page = "x".repeat(64 << 20);
        thread::spawn(move || server.run(&page));
        let request = format!("GET / HTTP/1.1\r\nHost: localhost:{host}\r\n\r\n");
        let mut slow = TcpStream::connect(address).unwrap();
        slow.write_all(request.as_bytes()).unwrap();
        slow.read_exact(&mut [0]).unwrap();
        let start = Instant::now();
        let mut other = TcpStream::connect(address).unwrap();
        other.write_all(request.as_bytes()).unwrap();
        other.read_exact(&mut [0]).unwrap();
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    }

    #[test]
    fn a_request_without_an_end_is_given_up() {
        assert_eq!(answer(&format!("GET / HTTP/1.1\r\nHost: {}", "x".repeat(32 << 10))), "");
        let start = Instant::now();
        assert_eq!(answer("GET / HTTP/1.1\r\n"), "");
        assert!(start.elapsed() < 2 * PATIENCE, "{:?}", start.elapsed());
    }
}
