//! Reads what the plugin writes: how often each block of code has run, call by call.

use std::io::{self, BufRead};

/// Instructions that always run from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Address of the first.
    pub start: u64,
    /// Their length.
    pub bytes: u64,
    /// Their number, as QEMU has translated them.
    pub instructions: u64,
}

/// How often a block has run in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The block's number.
    pub block: usize,
    /// How often it has run.
    pub runs: u64,
    /// How often it was followed by something else than the code behind it.
    pub jumps: u64,
}

/// One call of the function that is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// What ran before the first mark, from there to the second, and so on.
    pub segments: Vec<Vec<Runs>>,
    /// How deep the call has written to the stack, in bytes.
    pub stack: u64,
}

/// Reads the plugin's file and hands on each call that has returned, with the blocks known by then.
///
/// # Errors
///
/// A line that the plugin does not write, or a file that cannot be read.
pub fn read(
    file: impl BufRead,
    mut on_call: impl FnMut(&[Block], Call) -> io::Result<()>,
) -> io::Result<()> {
    let mut blocks = Vec::new();
    let mut call = Call::default();
    for line in file.lines() {
        let line = line?;
        let wrong = || {
            let message = format!("the counting plugin does not write the line '{line}'");
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("block", rest) => {
                let [start, bytes, instructions] = numbers(rest, ' ').ok_or_else(wrong)?;
                blocks.push(Block { start, bytes, instructions });
            }
            ("segment", rest) => {
                let runs = |text| {
                    let [block, runs, jumps] = numbers(text, ':')?;
                    let block = block as usize;
                    (block < blocks.len()).then_some(Runs { block, runs, jumps })
                };
                let segment = rest.split_whitespace().map(runs).collect::<Option<_>>();
                call.segments.push(segment.ok_or_else(wrong)?);
            }
            ("return", rest) => {
                [call.stack] = numbers(rest, ' ').ok_or_else(wrong)?;
                on_call(&blocks, std::mem::take(&mut call))?;
            }
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[u64; N]> {
    let numbers = text.split(separator).map(|number| u64::from_str_radix(number, 16));
    numbers.collect::<Result<Vec<u64>, _>>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_its_segments_and_one_that_has_not_returned_is_left_out() {
        let text = "block 100 4 2\nblock 104 2 1\nsegment 0:1:1\nsegment 0:2:1 1:3:0\n\
                    return 28\nsegment 0:9:9\n";
        let mut found = Vec::new();
        read(text.as_bytes(), |blocks, call| {
            found.push((blocks.to_vec(), call));
            Ok(())
        })
        .unwrap();
        let [(blocks, call)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(blocks[1], Block { start: 0x104, bytes: 2, instructions: 1 });
        assert_eq!(call.segments[0], [Runs { block: 0, runs: 1, jumps: 1 }]);
        assert_eq!(call.segments[1][1], Runs { block: 1, runs: 3, jumps: 0 });
        assert_eq!((call.segments.len(), call.stack), (2, 40));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_shown() {
        for line in ["segment 0:1:1", "block 0 2", "block 0 x 1", "return", "count 7"] {
            let error = read(line.as_bytes(), |_, _| Ok(())).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
