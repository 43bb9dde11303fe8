use super::simulated::Device;
use super::*;

fn client(device: Device, window: usize) -> Client {
    Client::new(device, window).with_timeout(Duration::from_millis(20))
}

fn images(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| (0..784).map(|i| if (i + n) % 3 == 0 { (n + i) as u8 } else { 0 }).collect())
        .collect()
}

#[test]
fn every_image_gets_its_own_answer_exactly_once_however_lossy_the_line() {
    let images = images(120);
    for (loss, window) in [(0, 1), (0, 8), (5_000, 1), (5_000, 8), (20_000, 3)] {
        let mut client = client(Device::new(loss), window);
        let mut answers = vec![0; images.len()];
        client
            .classify_all(images.iter().map(Vec::as_slice), |index, answer| {
                let sum: i32 = images[index].iter().copied().map(i32::from).sum();
                assert_eq!(answer.logits, [sum, 784], "image {index}, loss {loss}");
                answers[index] += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(answers.iter().all(|&count| count == 1));
        match loss {
            0 => assert_eq!(client.losses().repeats, 0),
            5_000 => assert_ne!(client.losses().repeats, 0),
            _ => {}
        }
    }
}

#[test]
fn who_breaks_off_gets_no_more_answers_and_may_go_on_later() {
    let images = images(20);
    let mut client = client(Device::new(0), 4);
    let mut taken = 0;
    let all = images.iter().map(Vec::as_slice);
    let stop = |_, _| {
        taken += 1;
        ControlFlow::Break(())
    };
    client.classify_all(all, stop).unwrap();
    assert_eq!(taken, 1);
    assert_eq!(client.classify(&[1, 2, 3]).unwrap().logits, [6, 3]);
    assert_eq!(client.hello().unwrap().board, "simulated");
}

#[test]
fn a_device_that_never_answers_is_given_up() {
    let mut silent = Device::new(0);
    silent.silent = true;
    let error = client(silent, 1).hello().unwrap_err();
    assert!(matches!(error, DeviceError::Silent { .. }), "{error}");
    assert!(error.to_string().contains("is this its port?"), "{error}");
}

#[test]
fn a_line_that_damages_every_frame_is_called_bad_with_what_it_lost_and_what_to_do() {
    let mut client = client(Device::new(9), 1);
    let error = client.classify_all([&[9; 784][..]; 8], |_, _| ControlFlow::Continue(()));
    let error = error.unwrap_err();
    let Losses { repeats, bad, frames } = client.losses();
    assert!(repeats >= 5 && (5..=frames).contains(&bad), "{:?}", client.losses());
    let text = error.to_string();
    assert!(matches!(error, DeviceError::BadLine { .. }), "{text}");
    assert!(text.contains(&format!("{bad} of {frames} frames")), "{text}");
    assert!(text.contains("cable") && text.contains("--baud") && !text.contains("again"), "{text}");
}

#[test]
fn a_line_that_never_rests_is_given_up() {
    let mut babbling = Device::new(0);
    babbling.babbles = true;
    let error = client(babbling, 1).hello().unwrap_err();
    assert!(matches!(error, DeviceError::Silent { .. }), "{error}");
}

/// A line on which a byte comes now and then, and never the end of a frame.
struct Trickle(Duration);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        std::thread::sleep(self.0);
        buffer[0] = 7;
        Ok(1)
    }
}

impl Write for Trickle {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_on_which_a_byte_comes_now_and_then_is_given_up_soon() {
    let start = Instant::now();
    for ask in [
        |client: &mut Client| client.hello().map(drop).unwrap_err(),
        |client: &mut Client| client.classify(&[0; 784]).map(drop).unwrap_err(),
    ] {
        let error = ask(&mut client_of(Trickle(Duration::from_millis(10))));
        assert!(matches!(error, DeviceError::Silent { .. }), "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// A line that gives more bytes than it has room for.
struct Excess;

impl Read for Excess {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(buffer.len() + 1)
    }
}

impl Write for Excess {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_claims_more_bytes_than_it_was_asked_for_is_an_error() {
    let error = crate::support::error::chain(&client_of(Excess).hello().unwrap_err());
    assert_eq!(
        error,
        "the line to the device failed: it gives 1025 bytes where 1024 were asked for"
    );
}

#[test]
fn an_answer_that_waited_while_this_process_was_held_off_is_no_loss() {
    let mut device = Device::new(0);
    device.held_off = Duration::from_millis(60);
    let mut client = client(device, 8);
    let images = images(8);
    let mut answers = 0;
    let all = images.iter().map(Vec::as_slice);
    let count = |_, _| {
        answers += 1;
        ControlFlow::Continue(())
    };
    client.classify_all(all, count).unwrap();
    assert_eq!((answers, client.losses().repeats), (8, 0));
}

#[test]
fn a_refusal_that_asking_again_cannot_change_is_passed_on_at_once() {
    let mut device = Device::new(0);
    device.refusal = Some(Refusal::Pixels { found: 4, expected: 784 });
    let mut client = client(device, 8);
    let error = client.classify(&[0; 4]).unwrap_err();
    assert!(error.to_string().contains("784"), "{error}");
    assert_eq!(client.losses().repeats, 1);
}

#[test]
fn images_that_were_refused_leave_no_refusals_to_the_next_request() {
    let mut device = Device::new(0);
    device.refusal = Some(Refusal::NoModel);
    let mut client = client(device, 8);
    let images = images(20);
    let all = images.iter().map(Vec::as_slice);
    let error = client.classify_all(all, |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, DeviceError::Refused(Refusal::NoModel)), "{error}");
    assert_eq!(client.hello().unwrap().board, "simulated");
    assert_eq!(client.losses().repeats, 1);
}

#[test]
fn a_late_answer_to_another_process_is_not_taken_for_one_of_this() {
    // Each begins at one of 2¹⁵ numbers, far enough apart.
    let ids: std::collections::HashSet<u32> = (0..20).map(|_| first_id()).collect();
    assert!(ids.len() > 16, "{ids:?}");
    assert!(ids.iter().all(|id| id >> 31 == 1 && id & 0xFFFF == 0));
}

#[test]
fn a_panic_comes_with_its_message() {
    assert_eq!(client(Device::new(0), 1).provoke_panic().unwrap(), "at main.rs:7");
}

#[test]
fn another_version_of_the_protocol_is_named() {
    let mut device = Device::new(0);
    device.protocol = PROTOCOL + 1;
    let error = client(device, 1).hello().unwrap_err();
    assert!(matches!(error, DeviceError::Protocol { found } if found == PROTOCOL + 1), "{error}");
}

/// A line on which one frame comes again and again, whatever is asked.
struct Babble(Vec<u8>, usize);

impl Read for Babble {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        *first = self.0[self.1 % self.0.len()];
        self.1 += 1;
        if self.1.is_multiple_of(64) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(1)
    }
}

impl Write for Babble {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_tells_everything_but_the_answer_is_given_up() {
    let encoded = |response: &Response<'_, &[i32]>| {
        let mut buffer = [0; 64];
        link::encode(response, &mut buffer).unwrap().to_vec()
    };
    let foreign = Response::Logits { id: 7_000, nanoseconds: 1, logits: &[1, 2][..] };
    let refused = Response::Refused(Refusal::NoModel);
    for frame in
        [encoded(&Response::Done), encoded(&foreign), encoded(&refused), vec![2, 1, 0], vec![0]]
    {
        let start = Instant::now();
        client_of(Babble(frame.clone(), 0)).hello().unwrap_err();
        client_of(Babble(frame.clone(), 0)).classify(&[0; 784]).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(10), "{frame:?}");
    }
}

fn client_of(line: impl Line + 'static) -> Client {
    Client::new(line, 8).with_timeout(Duration::from_millis(20))
}
