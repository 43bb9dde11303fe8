//! Files of forms: data that are drawn.

use crate::place::Place;

const TICKS: &str =
    "# A tick.\nyes 3: 0,50 30,100 100,0\n# A cross.\nno 1: 0,0 99,99 / 99,0 0,99\n";

#[test]
fn forms_of_ones_own_are_shown_and_drawn() {
    let place = Place::untrained();
    place.write("ticks.txt", format!("{TICKS}class no: 3\n"));
    let table = place.succeed("data forms ticks.txt -o sheet.png");
    assert!(
        table.contains("  1    yes       3  A tick.\n  2     no       1  A cross.\n"),
        "{table}"
    );
    assert!(place.read("sheet.png").starts_with(b"\x89PNG"));
    let shown = place.succeed("data check ticks.txt");
    assert!(shown.starts_with("ticks.txt: forms\n"), "{shown}");
    let train = |class: &str| -> usize {
        let row = shown.lines().find(|line| line.starts_with(class)).expect("a row for the class");
        row.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let (yes, no) = (train("yes"), train("no"));
    assert_eq!(yes + no, 60_000);
    assert!((44_000..46_000).contains(&no), "{no}");
}

#[test]
fn the_projects_own_forms_are_printed_and_read_again() {
    let place = Place::untrained();
    let own = place.succeed("data forms --print");
    place.write("own.txt", &own);
    let [first, again] = ["", "own.txt "].map(|file| {
        place.succeed(&format!("data forms {file}-o sheet.png"));
        place.read("sheet.png")
    });
    assert!(first == again, "another sheet");
}

#[test]
fn a_wrong_line_of_a_file_of_forms_is_named() {
    let place = Place::untrained();
    place.write("ticks.txt", format!("{TICKS}maybe 1: 0,0 1,999\n"));
    let fault = "line 5 has \"1,999\" for a point: expected x,y of -128 to 127 each";
    let message = format!("ticks.txt is a file of forms, but {fault}");
    for command in ["data check ticks.txt", "data forms ticks.txt -o sheet.png"] {
        assert_eq!(place.fail(1, command), message);
    }
    assert!(place.fail(2, "data forms").contains("--output"));
}
