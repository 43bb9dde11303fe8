//! What the plugin `tests/tools/count` writes: how often each block of code has run, call by call.

use std::io::{self, BufRead};

/// Instructions that always run from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Address of the first.
    pub start: u64,
    /// Their length.
    pub bytes: u64,
    /// How many QEMU has found there.
    pub instructions: u64,
}

/// How often a block has run in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The block's number.
    pub block: usize,
    /// How often it has run.
    pub runs: u64,
    /// How often something else than the code behind it followed.
    pub jumps: u64,
}

/// One call of the function that is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// What ran before the first mark, from there to the second, and so on.
    pub segments: Vec<Vec<Runs>>,
    /// How far down the call has written to the stack, in bytes.
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
        let read = match line.split_once(' ').unwrap_or((&line, "")) {
            ("block", rest) => block(rest, blocks.len()).map(|block| blocks.push(block)),
            ("segment", rest) => {
                let runs = rest.split_whitespace().map(|text| runs(text, blocks.len()));
                runs.collect::<Option<_>>().map(|segment| call.segments.push(segment))
            }
            ("return", rest) => match rest.parse() {
                Ok(stack) => {
                    call.stack = stack;
                    on_call(&blocks, std::mem::take(&mut call))?;
                    Some(())
                }
                Err(_) => None,
            },
            _ => None,
        };
        if read.is_none() {
            let message = format!("the counting plugin does not write the line '{line}'");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
    }
    Ok(())
}

fn block(text: &str, expected: usize) -> Option<Block> {
    let mut words = text.split(' ');
    let number: usize = words.next()?.parse().ok()?;
    let mut hexadecimal = || u64::from_str_radix(words.next()?, 16).ok();
    let block =
        Block { start: hexadecimal()?, bytes: hexadecimal()?, instructions: hexadecimal()? };
    (number == expected && words.next().is_none()).then_some(block)
}

fn runs(text: &str, known: usize) -> Option<Runs> {
    let (block, counts) = text.split_once(':')?;
    let (runs, jumps) = counts.split_once(':')?;
    let block = block.parse().ok().filter(|&block| block < known)?;
    Some(Runs { block, runs: runs.parse().ok()?, jumps: jumps.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_its_segments_and_one_that_has_not_returned_is_left_out() {
        let text = "block 0 100 4 2\nblock 1 104 2 1\nsegment 0:1:1\nsegment 0:2:1 1:3:0\n\
                    return 40\nsegment 0:9:9\n";
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
        for line in ["segment 0:1:1", "block 1 0 2 1", "block 0 0 2", "return", "count 7"] {
            let error = read(line.as_bytes(), |_, _| Ok(())).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
