//! The committed file of tables: a section for each model, of the last run that counted it.

const HEAD: &str = "\
# Instructions of an inference

Written by `cargo xtask count --write`, which renews the sections of the models that it counts; not \
to be edited. Counted in QEMU by the plugin in `tests/tools/count`, of the firmware that is flashed, with \
the model in its place in flash and the images sent over the line, from the first instruction of \
`infer` to its return: raw pixels in, logits out. A differing logit is one that is not what \
`tests/src/oracle` makes of core/FORMAT.md.

- *bar*: 3.33 N + 13,000 on Cortex-M0 and 1.2 N + 9,000 on the other Cortex-M, with 8 bits a weight; \
with packed entries 8 % more, for half the memory; with fewer bits 25 % more per N than the same net \
with the same weights in 8 bits each; on RISC-V 2.5 times the Cortex-M3's count.
- *in 8 bits*: the same weights, stored in 8 bits each, so the same logits and the same N; the bar of \
*ratio* is 1.25. Both are means over the 20 synthetic images; multiply is the kernel alone.
- *CMSIS-NN*: instructions of its s8 functions for the same net, which do not depend on the image; \
*ratio*: those to ours.
- *parts*: gather lists the pixels that are not zero; multiply is the kernel; requantise is all the \
rest. The parts add up to the mean, and so do the layers with what is before them.
- *scratch*: working memory for this net; *stack*: the deepest byte that `infer` or what it calls has \
written, at most 256; *code*: of all functions of the engine, those for other widths of weights too.
- *cycles*: an estimate, for memory without wait states, by the times in Arm's Cortex-M3 Technical \
Reference Manual: a long multiplication that adds takes 4 to 7 cycles, MLA 2, a jump 1 to 3 beside \
its own, a load 2 or 1 behind another load or store.
";

/// How a section begins; the model's name and a colon follow.
pub const SECTION: &str = "## ";

/// The file with `new` sections in place of those of the same models in the `old` one, the others as
/// they were.
#[must_use]
pub fn document(old: &str, new: &[String]) -> String {
    let start = format!("\n{SECTION}");
    let old = old.split(&start).skip(1).map(|rest| format!("{SECTION}{rest}"));
    let mut sections: Vec<String> = old.collect();
    for section in new {
        match sections.iter_mut().find(|old| name(old) == name(section)) {
            Some(place) => section.clone_into(place),
            None => sections.push(section.clone()),
        }
    }
    let sections = sections.iter().map(|section| format!("\n{}\n", section.trim_end()));
    format!("{HEAD}{}", sections.collect::<String>())
}

fn name(section: &str) -> Option<&str> {
    section.strip_prefix(SECTION)?.split(':').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_renews_the_sections_of_its_models_and_keeps_the_others() {
        let section = |name: &str, text: &str| format!("## {name}: 1-2\n\n{text}\n");
        let old = document("", &[section("a", "old"), section("b", "old")]);
        assert!(old.starts_with("# Instructions"));
        let new = document(&old, &[section("c", "new"), section("a", "new")]);
        assert!(new.ends_with("\n## a: 1-2\n\nnew\n\n## b: 1-2\n\nold\n\n## c: 1-2\n\nnew\n"));
        assert_eq!(document(&new, &[]), new);
    }
}
