//! `inkbit report`: the page, the files beside it, and what it refuses.

use std::collections::HashSet;
use std::fs;

use roxmltree::{Document, Node, ParsingOptions};

use crate::place::{Place, TRAIN};

/// Pictures of a run's report, in order.
const PICTURES: [&str; 9] = [
    "loss",
    "accuracy",
    "confusion",
    "samples",
    "weights",
    "logit-differences",
    "activity",
    "calibration",
    "refusal",
];

/// All text of a page.
pub fn text(page: &str) -> String {
    let page = parse(page);
    let words = page.descendants().filter(roxmltree::Node::is_text);
    let words = words.filter(|node| !node.parent().is_some_and(|p| p.has_tag_name("style")));
    words.filter_map(|node| node.text()).collect::<Vec<_>>().join(" ")
}

/// The page is HTML in the syntax of XML, so that a strict parser can say whether it is well-formed.
pub fn parse(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}"))
}

/// The page of a report that is written in a place.
pub fn page(place: &Place, arguments: &str) -> String {
    assert_eq!(
        place.succeed(&format!("report {arguments} -o page.html")),
        "saved in page.html and page-pictures\n"
    );
    String::from_utf8(place.read("page.html")).unwrap()
}

fn pictures<'a, 'b>(page: &'a Document<'b>) -> Vec<Node<'a, 'b>> {
    page.descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "svg")))
        .collect()
}

#[test]
fn a_runs_report_tells_and_shows_everything() {
    let place = Place::new();
    let page = page(&place, "run");
    let words = text(&page);
    for part in [
        "How accurate is it?",
        " of 80 test images correctly and is wrong about ",
        "The weights have 8 bits. Accuracy changed from ",
        "fits every board: b-l475e-iot01a, black-pill, ",
        "3 epochs in ",
        "The weights of epoch 3 were kept",
        "all epochs were trained",
        "✓ yes",
        "inkbit train ",
    ] {
        assert!(words.contains(part), "{part:?} is not in\n{words}");
    }
    let page = parse(&page);
    let pictures = pictures(&page);
    // Without mistakes there is no picture of them.
    assert_eq!(pictures.len(), PICTURES.len());
    for picture in &pictures {
        assert_eq!(picture.attribute("role"), Some("img"));
        let alt = picture.attribute("aria-label").unwrap_or_default();
        assert!(alt.len() > 40 && alt.ends_with('.'), "{alt}");
    }
}

#[test]
fn every_picture_lies_beside_the_page_and_stands_on_its_own() {
    let place = Place::new();
    page(&place, "run");
    let found: HashSet<String> = fs::read_dir(place.path("page-pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = PICTURES.iter().map(|name| format!("{name}.svg"));
    let expected: HashSet<String> =
        expected.chain(["samples.png", "weights.png"].map(String::from)).collect();
    assert_eq!(found, expected);
    for name in PICTURES {
        let svg = String::from_utf8(place.read(&format!("page-pictures/{name}.svg"))).unwrap();
        let svg = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(svg.root_element().attribute("aria-label").is_some(), "{name}");
        assert!(svg.descendants().any(|node| node.has_tag_name("style")), "{name}");
    }
    for name in ["samples", "weights"] {
        let png = place.read(&format!("page-pictures/{name}.png"));
        assert!(image::load_from_memory(&png).unwrap().width() > 100, "{name}");
    }
}

#[test]
fn nothing_on_the_page_comes_from_elsewhere() {
    let place = Place::new();
    let page = page(&place, "run");
    let page = parse(&page);
    for node in page.descendants() {
        assert!(!node.has_tag_name("script") && !node.has_tag_name("link"), "{node:?}");
        for attribute in node.attributes().filter(|a| ["href", "src"].contains(&a.name())) {
            assert!(attribute.value().starts_with("data:image/png;base64,"), "{attribute:?}");
        }
        let style = node.text().filter(|_| node.has_tag_name("style")).unwrap_or_default();
        assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
    }
}

#[test]
fn a_page_to_draw_on_lies_beside_the_report_of_a_model_that_the_canvas_suits() {
    let place = Place::new();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    // It says that tiny was trained on other data.
    assert_eq!(place.run("report tiny.inkbit --data synthetic -o page.html").code, Some(0));
    let report = String::from_utf8(place.read("page.html")).unwrap();
    assert!(report.contains("<a class=\"button\" href=\"page%2Dpictures/play.html\">"));
    place.succeed("play tiny.inkbit -o play.html");
    let [ours, alone] = ["page-pictures/play.html", "play.html"].map(|name| place.read(name).len());
    // But for the name: of the model there, of its file here.
    assert!(ours.abs_diff(alone) < 20, "{ours}, {alone}");
    // Images of 8 × 8 pixels are none that can be drawn.
    assert!(!page(&place, "run").contains("play.html"));
    assert!(!place.path("page-pictures/play.html").exists());
}

#[test]
fn a_models_report_says_what_a_model_does_not_know() {
    let place = Place::new();
    let page = page(&place, "model.inkbit --data digits");
    let words = text(&page);
    assert!(
        words.contains("made from a model alone, which does not record the history"),
        "{words}"
    );
    assert!(words.contains("does not record the float network"), "{words}");
    assert_eq!(pictures(&parse(&page)).len(), PICTURES.len() - 3);
}

#[test]
fn the_same_run_gives_the_same_page() {
    let place = Place::new();
    let first = page(&place, "run");
    assert_eq!(first, page(&place, "run"));
}

#[test]
fn a_run_without_history_is_refused() {
    let place = Place::new();
    let expected = "run has no history of its training: expected a history.json with at least one \
                    epoch; train again with --force, or make the report of a model";
    fs::remove_file(place.path("run/history.json")).unwrap();
    assert_eq!(place.fail(1, "report run"), expected);
    place.write("run/history.json", r#"{"epochs":[],"end":null,"keep":"best","from":1}"#);
    assert_eq!(place.fail(1, "report run"), expected);
}

#[test]
fn places_that_a_report_cannot_go_to_are_refused_before_anything_is_computed() {
    let place = Place::new();
    // Had anything been computed, the fault would be that there are no such data.
    let refusal = |output: &str| place.fail(1, &format!("report run --data nowhere -o {output}"));
    assert_eq!(
        refusal("model.inkbit"),
        "model.inkbit exists and is not an Inkbit report; it was not replaced: give another path, \
         or move it away"
    );
    assert_eq!(
        refusal("run"),
        "run is a folder, where an Inkbit report is to be written: give another path"
    );
    for name in ["-", "page", "page.htm"] {
        let message = place.fail(2, &format!("report run --data nowhere --output={name}"));
        assert_eq!(
            message,
            format!("{name} is not the name of a page: give a name that ends in .html")
        );
    }
    assert!(
        refusal("no/page.html").starts_with("cannot write into no: No such file or directory"),
        "{}",
        refusal("no/page.html")
    );
    place.write("page-pictures", "in the way");
    assert_eq!(
        refusal("page.html"),
        "page-pictures is a file, but the report's pictures go into a folder of that name: give \
         another name with -o, or remove it"
    );
    for name in ["loss.svg", "notes.txt"] {
        fs::create_dir_all(place.path("own-pictures")).unwrap();
        place.write(&format!("own-pictures/{name}"), "<svg>somebody's own</svg>");
        let message = refusal("own.html");
        let expected = format!("own-pictures/{name} was not written by a report, but is in the");
        assert!(message.starts_with(&expected), "{message}");
        fs::remove_dir_all(place.path("own-pictures")).unwrap();
    }
}

#[test]
fn a_report_over_an_old_one_leaves_none_of_its_pictures() {
    let place = Place::new();
    page(&place, "run");
    fs::copy(place.path("page-pictures/loss.svg"), place.path("page-pictures/worst.svg")).unwrap();
    page(&place, "model.inkbit --data digits");
    for name in ["worst.svg", "loss.svg"] {
        assert!(!place.path("page-pictures").join(name).exists(), "{name}");
    }
    assert!(place.path("page-pictures/confusion.svg").exists());
    let hidden = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(hidden.filter(|n| n.to_string_lossy().starts_with(".inkbit-")).count(), 0);
}

#[test]
fn a_training_ends_with_its_report() {
    let place = Place::untrained();
    let text = place.succeed(&format!("train --out new {TRAIN}"));
    assert!(text.contains("\nreport               new/report.html\n"), "{text}");
    assert!(
        super::report::text(&String::from_utf8(place.read("new/report.html")).unwrap())
            .contains("3 epochs in ")
    );
    place.succeed(&format!("train --out short {TRAIN} --epochs 1"));
    let page = String::from_utf8(place.read("short/report.html")).unwrap();
    assert!(super::report::text(&page).contains("1 epoch in "), "{page}");
    let text = place.succeed(&format!("train --out other {TRAIN} --no-report"));
    assert!(!text.contains("report"), "{text}");
    assert!(!place.path("other/report.html").exists());
}
