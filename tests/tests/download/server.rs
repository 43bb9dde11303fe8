//! An HTTP server that fails in chosen ways.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with one request.
#[derive(Clone)]
pub(super) enum Answer {
    /// Sends the file, or the requested range of it.
    Whole(Vec<u8>),
    /// Sends the whole file, whatever range is requested.
    FromStart(Vec<u8>),
    /// Announces the whole file, sends this many bytes, and disconnects.
    Break(Vec<u8>, usize),
    /// Announces the whole file, sends this many bytes, and then nothing for longer than anyone
    /// waits.
    Stall(Vec<u8>, usize),
    /// Announces the whole file and sends one byte after the other, with pauses, until nobody
    /// listens.
    Drip(Vec<u8>, Duration),
    /// Sends one byte of the requested range, and disconnects.
    Crumb(Vec<u8>),
    /// Answers 206, whatever is requested, with a range that begins in the middle.
    Part(Vec<u8>),
    /// Sends a status and no file.
    Status(&'static str),
}

/// Answers requests in the given ways, in order; the last way is repeated.
pub(super) struct Server {
    pub(super) address: String,
    /// Requested paths and ranges.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) fn start(answers: &[Answer]) -> Self {
        let answers = answers.to_vec();
        Self::serve(move |index, _| answers[index.min(answers.len() - 1)].clone())
    }

    /// The thread ends with the process.
    pub(super) fn serve(answer: impl Fn(usize, &str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (path, range) = read_request(&stream);
                let index = {
                    let mut log = log.lock().unwrap();
                    log.push(range.map_or(path.clone(), |from| format!("{path} from {from}")));
                    log.len() - 1
                };
                // Clients may disconnect.
                let _ = respond(stream, answer(index, &path), range);
            }
        });
        Self { address, requests }
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> (String, Option<usize>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some((_, from)) = line.to_lowercase().split_once("range: bytes=") {
            range = from.trim_end_matches('-').parse().ok();
        }
    }
    (path, range)
}

fn respond(mut stream: TcpStream, answer: Answer, range: Option<usize>) -> std::io::Result<()> {
    let close = "Connection: close\r\n\r\n";
    match answer {
        Answer::Status(status) => {
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n{close}")
        }
        Answer::Whole(file) => match range {
            Some(from) if from >= file.len() => {
                write!(stream, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n{close}")
            }
            Some(from) => send_part(&mut stream, &file, from, file.len()),
            None => send(&mut stream, &file, file.len()),
        },
        Answer::FromStart(file) => send(&mut stream, &file, file.len()),
        Answer::Break(file, count) => send(&mut stream, &file, count),
        Answer::Crumb(file) => {
            let from = range.unwrap_or(0);
            send_part(&mut stream, &file, from, from + 1)
        }
        Answer::Part(file) => send_part(&mut stream, &file, file.len() / 2, file.len()),
        Answer::Drip(file, pause) => {
            send(&mut stream, &file, 0)?;
            thread::spawn(move || {
                for byte in file {
                    thread::sleep(pause);
                    if stream.write_all(&[byte]).is_err() {
                        break;
                    }
                }
            });
            Ok(())
        }
        Answer::Stall(file, count) => {
            send(&mut stream, &file, count)?;
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(20));
                drop(stream);
            });
            Ok(())
        }
    }
}

/// Announces the range that begins with `from`, and sends the bytes before `end`.
fn send_part(stream: &mut TcpStream, file: &[u8], from: usize, end: usize) -> std::io::Result<()> {
    let (last, all, rest) = (file.len() - 1, file.len(), file.len() - from);
    write!(stream, "HTTP/1.1 206 Partial Content\r\nContent-Length: {rest}\r\n")?;
    write!(stream, "Content-Range: bytes {from}-{last}/{all}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(&file[from..end])
}

fn send(stream: &mut TcpStream, file: &[u8], count: usize) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        file.len()
    )?;
    stream.write_all(&file[..count])?;
    stream.flush()
}
