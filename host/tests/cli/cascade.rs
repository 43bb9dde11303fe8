//! `inkbit cascade`, and what the other commands say of the model that it makes.

use inkbit::cascade::{join, trials};
use inkbit::data::synthetic::{Part, images};
use inkbit::model::{Blob, answers, builtin};
use inkbit_core::{Model, Provenance};
use serde_json::Value;

use crate::firefox::in_each;
use crate::place::{Place, TRAIN, bars};

/// Flags with which enough images are held out for margins.
const HELD_OUT: &str = "--validation-split 0.7 --no-report";

/// A place with a weak model in `weak.inkbit`, a strong one in `strong.inkbit`, and both, asked in turn,
/// in `both.inkbit`.
fn place() -> Place {
    let place = Place::new();
    let train = |name: &str, more: &str| {
        place.succeed(&format!("train --out {name} {TRAIN} {HELD_OUT} {more}"));
        place.succeed(&format!("quantize {name} -o {name}.inkbit"));
    };
    train("weak", "--epochs 2 --lr 0.01 --hidden 6");
    train("strong", "--epochs 12");
    place.succeed("cascade weak.inkbit strong.inkbit -o both.inkbit --data digits");
    place
}

#[test]
fn a_weak_model_answers_what_it_is_sure_of_and_a_strong_one_the_rest() {
    let place = place();
    let text = place.succeed("cascade weak.inkbit strong.inkbit -o again.inkbit --data digits");
    assert!(text.starts_with("chosen on 224 validation images, which no model was trained on\n"));
    assert!(text.contains("\n1 weak.inkbit    100.00 %"), "{text}");
    assert!(
        text.contains("instructions in the mean of these images on lm3s6965evb, estimated; "),
        "{text}"
    );
    assert!(text.ends_with("next     inkbit verify again.inkbit --data digits\n"), "{text}");
    let accuracy = |model: &str| {
        let text = place.succeed(&format!("evaluate {model} --data digits --json"));
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let [weak, strong, both] = ["weak.inkbit", "strong.inkbit", "both.inkbit"].map(accuracy);
    let correct = |found: &Value| found["correct"].as_u64().unwrap();
    assert!(correct(&weak) + 4 < correct(&strong), "{weak} {strong}");
    assert!(correct(&both) + 2 > correct(&strong), "{both} {strong}");
    // Each stage has its part.
    let stages = both["stages"].as_array().unwrap();
    let number = |stage: usize, key: &str| stages[stage][key].as_u64().unwrap();
    assert_eq!((number(0, "asked"), number(0, "decided") + number(1, "asked")), (80, 80));
    assert!((4..76).contains(&number(0, "decided")), "{both}");
    assert_eq!(number(0, "correct") + number(1, "correct"), correct(&both));
    assert!(weak.get("stages").is_none());
    let text = place.succeed("evaluate both.inkbit --data digits");
    assert!(text.contains("\nstage  asked of  decides  of these right\n1      100.00 %"), "{text}");
    let text = place.succeed("verify both.inkbit --data digits");
    assert!(text.ends_with("0 mismatches\n"), "{text}");
}

#[test]
fn what_a_model_refuses_alone_it_refuses_in_a_cascade() {
    let [nano, tiny] = ["nano", "tiny"].map(|name| builtin::find(name).unwrap());
    let model = tiny.model().unwrap();
    let mut header = model.header().clone();
    header.stages[0].margin = 70_000;
    let strict = Blob::from_model(&Model::new(header, model.data()).unwrap()).unwrap();
    let parts = [nano.model().unwrap(), strict.model().unwrap()];
    let joined = join("both", &parts, &[9, 0], Provenance::UNKNOWN).unwrap();
    let margins: Vec<u32> =
        joined.model().unwrap().stages().iter().map(|stage| stage.margin).collect();
    assert_eq!(margins, [9, 70_000]);
    // Nor does it decide, in the search for margins, what it would refuse.
    let digits = images(Part::Test, 200, 1);
    let stand = |blob: &Blob| {
        let trials = trials(&blob.model().unwrap(), &digits).unwrap();
        trials.iter().filter_map(|trial| trial.margin).min()
    };
    assert!(stand(&strict).is_none_or(|least| least >= 70_000));
    assert!(stand(&tiny).is_some_and(|least| least < 70_000));
}

#[test]
fn what_a_model_learned_from_another_is_no_image_that_nobody_has_seen() {
    let place = place();
    // As many as before, so that of those that it holds out enough are held out by the other, too.
    place.write_data("mine", &bars(8, 4, 320), &bars(8, 4, 80));
    place.succeed("-q train --from weak --data mine --epochs 1 --out more");
    assert_eq!(place.run("quantize more -o more.inkbit").code, Some(0));
    let ended = place.run("cascade more.inkbit strong.inkbit -o far.inkbit --data digits");
    let note = "note: more.inkbit was trained on other data than digits, or does not record all";
    assert!(ended.err.starts_with(note), "{}", ended.err);
    assert!(!ended.out.contains("which no model was trained on"), "{}", ended.out);
}

#[test]
fn features_are_read_as_the_last_models_were() {
    let place = Place::untrained();
    let row = |number: usize| {
        let class = number % 2;
        format!(
            "{:.2},{:.2},{}\n",
            class as f32 + (number % 7) as f32 / 20.0,
            number % 5,
            ["a", "b"][class]
        )
    };
    let rows: String = (0..1_000).map(row).collect();
    place.write("t.csv", format!("x,y,kind\n{rows}"));
    for (name, hidden) in [("small", 3), ("large", 12)] {
        let trained = place.run(&format!(
            "-q train --data t.csv --label kind --factor 100 --hidden {hidden} --epochs 20 --batch 16 --lr 0.02 \
             --validation-split 0.3 --no-report --out {name}"
        ));
        assert_eq!(trained.code, Some(0), "{}", trained.err);
        assert_eq!(place.run(&format!("-q quantize {name} -o {name}.inkbit")).code, Some(0));
    }
    let text = place.run("cascade small.inkbit large.inkbit -o both.inkbit").out;
    assert!(text.contains(", which no model was trained on\n"), "{text}");
    let next = "next     inkbit verify both.inkbit --data t.csv --label kind --factor 100\n";
    assert!(text.ends_with(next), "{text}");
    let right = |model: &str| {
        let ended = place.run(&format!("predict {model} --csv t.csv"));
        let last = ended.out.lines().last().unwrap_or_default().to_owned();
        last.split(' ').next().and_then(|count| count.parse::<usize>().ok()).expect(&ended.err)
    };
    assert!(right("both.inkbit") > 950 && right("large.inkbit") > 950);
}

#[test]
fn what_a_model_was_trained_on_is_not_called_unseen() {
    let place = place();
    place.write_data("other", &bars(8, 4, 400), &bars(8, 4, 80));
    let ended = place.run("cascade weak.inkbit strong.inkbit -o far.inkbit --data other");
    assert_eq!(
        ended.err.matches("was trained on other data than other").count(),
        2,
        "{}",
        ended.err
    );
    assert!(!ended.out.contains("which no model was trained on"), "{}", ended.out);
}

#[test]
fn the_same_models_make_the_same_bytes() {
    let place = place();
    place.succeed("cascade weak.inkbit strong.inkbit -o other.inkbit --data digits --name both");
    assert_eq!(place.read("both.inkbit"), place.read("other.inkbit"));
    let text = place.succeed("inspect both.inkbit");
    assert!(text.contains("inkbit cascade weak.inkbit strong.inkbit --data digits\n"), "{text}");
    assert!(text.contains("\nstage  layers  margin  prominence  input\n1      0 to 1 "), "{text}");
    let text = place.succeed("models both.inkbit --recorded");
    assert!(text.contains("-4, 64-") && text.contains("| 8, 8 |"), "{text}");
    let text = place.succeed("report both.inkbit --data digits -o both.html");
    assert!(text.starts_with("saved in both.html"), "{text}");
    let page = String::from_utf8(place.read("both.html")).unwrap();
    assert!(page.contains("Its 2 networks are asked in turn"), "{page}");
}

#[test]
fn a_limit_of_instructions_is_kept() {
    let place = place();
    let cost = |flags: &str| {
        let text = place.succeed(&format!(
            "cascade weak.inkbit strong.inkbit -o limited.inkbit --data digits {flags}"
        ));
        let line = text.lines().find(|line| line.starts_with("cascade ")).unwrap();
        let last = line.split_whitespace().last().unwrap().replace(',', "");
        last.parse::<u32>().unwrap()
    };
    let free = cost("");
    let limit = free - 300;
    let limited = cost(&format!("--max-instructions {limit}"));
    assert!(limited <= limit, "{limited} of {limit}, {free} without it");
    assert!(cost("--keep-accuracy 80") < free);
    assert!(cost("--board microbit") > free);
    // A network that is hardly trained is never sure enough.
    place.succeed(&format!("train --out hardly {TRAIN} {HELD_OUT} --epochs 1 --lr 0.0001"));
    place.succeed("quantize hardly -o hardly.inkbit");
    let ended = place.run("cascade hardly.inkbit strong.inkbit -o never.inkbit --data digits");
    assert_eq!(ended.code, Some(0));
    let note =
        "note: hardly.inkbit decides nothing: leave it out, or give another --keep-accuracy\n";
    assert_eq!(ended.err, note, "{}", ended.out);
    assert!(ended.out.contains(" never "), "{}", ended.out);
    let said = place.fail(
        2,
        "cascade weak.inkbit strong.inkbit -o none.inkbit --data digits --max-instructions 100",
    );
    assert!(said.starts_with("--max-instructions is too low: "), "{said}");
}

#[test]
fn predict_says_which_stage_has_decided() {
    let place = place();
    let [weak, strong] =
        ["weak", "strong"].map(|name| Blob::load(&place.path(format!("{name}.inkbit"))).unwrap());
    let parts = [weak.model().unwrap(), strong.model().unwrap()];
    let samples = bars(8, 4, 8);
    let mut seen = [false; 2];
    for margin in [0, u32::MAX] {
        let blob = join("sure", &parts, &[margin, 0], Provenance::UNKNOWN).unwrap();
        place.write("sure.inkbit", blob.bytes());
        let expected = answers(&blob.model().unwrap(), &samples).unwrap();
        for (image, (_, stage)) in expected.iter().enumerate() {
            seen[stage] = true;
            let picture = image::GrayImage::from_raw(8, 8, samples.image(image).to_vec()).unwrap();
            picture.save(place.path("bar.png")).unwrap();
            let text = place.succeed("predict sure.inkbit bar.png --as-is");
            assert!(text.ends_with(&format!(", by stage {}\n", stage + 1)), "{text}");
            let text = place.succeed("predict sure.inkbit bar.png --as-is --json");
            let json: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["stage"].as_u64(), Some(stage as u64 + 1), "{text}");
        }
    }
    assert_eq!(seen, [true; 2]);
    let text = place.succeed("predict strong.inkbit bar.png --as-is --json");
    assert!(!text.contains("stage"), "{text}");
}

/// Draws a seven, with two networks that are asked in turn and then with one, and tells what is shown.
const DRAWN: &str = r"
const points = [[50, 50], [100, 48], [150, 52], [130, 110], [110, 150], [100, 190]];
const mouse = (type, [x, y]) => {
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  const at_point = { clientX: left + (x + 0.5) * width / 320, clientY: top + (y + 0.5) * height / 240 };
  at('glass').dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, bubbles: true, ...at_point }));
};
(async () => {
  await started;
  mouse('pointerdown', points[0]);
  points.forEach(point => mouse('pointermove', point));
  mouse('pointerup', points[5]);
  const seen = [];
  for (const device of devices) {
    device.card.click();
    await new Promise(done => setTimeout(done, 100)).then(paint);
    seen.push({ said: at('said').textContent, see: at('see').hidden, cost: at('cost').hidden });
  }
  parent.postMessage(JSON.stringify({ seen }), '*');
})().catch(fault => parent.postMessage(JSON.stringify({ seen: [fault.stack] }), '*'));
";

#[test]
fn in_a_browser_several_networks_read_and_what_happens_inside_is_shown_of_one() {
    let place = Place::untrained();
    let [nano, tiny] = ["nano", "tiny"].map(|name| builtin::find(name).unwrap());
    let parts = [nano.model().unwrap(), tiny.model().unwrap()];
    let both = join("both", &parts, &[3_000, 0], Provenance::UNKNOWN).unwrap();
    place.write("both.inkbit", both.bytes());
    place.write("nano.inkbit", nano.bytes());
    place.succeed("play both.inkbit nano.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    for told in in_each(&place, &format!("{page}<script>{DRAWN}</script>"), 360, false) {
        let seen = &told["seen"];
        let said = seen[0]["said"].as_str().unwrap_or_default();
        assert!(said.contains("both") && said.ends_with('7'), "{seen}");
        let hidden: Vec<_> =
            [0, 1].map(|n| (seen[n]["see"].clone(), seen[n]["cost"].clone())).into();
        assert_eq!(hidden, [(true.into(), true.into()), (false.into(), false.into())], "{seen}");
    }
}

#[test]
fn what_cannot_be_asked_in_turn_is_refused() {
    let place = place();
    let refused = |arguments: &str, expected: &str| {
        let said = place.fail(2, &format!("cascade {arguments}"));
        assert!(said.contains(expected), "{arguments}: {said}");
    };
    refused("weak.inkbit -o a.inkbit", "1 models were given; a cascade has from 2 to 4");
    let five = "weak.inkbit ".repeat(5);
    refused(&format!("{five} -o a.inkbit"), "5 models were given");
    refused("weak.inkbit both.inkbit -o a.inkbit", "has 2 stages already");
    refused(
        "weak.inkbit strong.inkbit -o a.inkbit --data digits --keep-accuracy 101",
        "--keep-accuracy is 101, but must be from 50 to 100",
    );
    refused("weak.inkbit strong.inkbit -o a.inkbit --board none", "none");
    refused("weak.inkbit strong.inkbit -o ./strong.inkbit", "is one of the models, which stay");
    refused("weak.inkbit strong.inkbit -o a.inkbit --data digits --name é\u{7}", "--name");
    // Of 320 images a tenth was held out.
    let few = "margins need 100 images that none of the models was trained on, and there are ";
    refused("model.inkbit strong.inkbit -o a.inkbit --data digits", few);
    place.write_data("more", &bars(8, 8, 320), &bars(8, 8, 80));
    place.succeed(&format!("train --out eight --data more --config quick.toml {HELD_OUT}"));
    place.succeed("quantize eight -o eight.inkbit");
    let refused = |arguments: &str, expected: &str| {
        let said = place.fail(2, arguments);
        assert!(said.contains(expected), "{arguments}: {said}");
    };
    let said = "eight has the classes 0, 1, 2, 3, 4, 5, 6 and 7, but weak has 0, 1, 2 and 3";
    refused("cascade weak.inkbit eight.inkbit -o a.inkbit --data digits", said);
    refused("train --from both.inkbit --out more-of-it --data digits", "2 stages");
    let said = place.fail(2, "export both.inkbit --onnx both.onnx");
    assert!(said.contains("2 stages"), "{said}");
    // Before anything is measured, for which it has too few images.
    let said =
        place.fail(1, "cascade model.inkbit strong.inkbit -o nowhere/a.inkbit --data digits");
    assert!(said.starts_with("cannot write nowhere/a.inkbit: "), "{said}");
    place.write("foreign.txt", "mine");
    let said = place.fail(1, "cascade weak.inkbit strong.inkbit -o foreign.txt --data digits");
    assert!(said.contains("foreign.txt"), "{said}");
}
