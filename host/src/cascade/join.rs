//! Joins models to one of several stages.

use inkbit_core::{
    Header, MAX_LAYERS, MAX_PROVENANCE, MAX_STAGES, Model, ModelError, PackError, Provenance,
    Range, Sample, Stage,
};

use crate::data::{Shape, labels};
use crate::model::Blob;
use crate::support::numbers::list;
use crate::support::visible;

/// Models that cannot be asked in turn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum JoinError {
    #[error("{found} models were given; a cascade has from 2 to {MAX_STAGES}, each of one network")]
    Count { found: usize },
    #[error(
        "{name} has {stages} stages already: give the models that it was made of, in their order"
    )]
    Stages { name: String, stages: usize },
    #[error(
        "the networks have {found} layers together, the format has room for {MAX_LAYERS}: take smaller \
         or fewer ones"
    )]
    Layers { found: usize },
    #[error(
        "{name} takes {found}, but {first} takes {expected}: all must be trained on the same kind of \
         samples"
    )]
    Sample { name: String, found: String, first: String, expected: String },
    #[error("{name} has other ranges of its features than {first}: train both with the same data")]
    Ranges { name: String, first: String },
    #[error(
        "{name} has the classes {found}, but {first} has {expected}: all must have the same, in the \
         same order"
    )]
    Classes { name: String, found: String, first: String, expected: String },
    #[error(transparent)]
    Format(#[from] PackError),
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Joins models of one stage each to one model, which asks them in their order. The margin at the same place
/// is the least at which an answer stands, unless the model's own is greater; the last is usually 0.
///
/// ```
/// use inkbit::cascade::join;
/// use inkbit::model::builtin;
/// use inkbit_core::Provenance;
/// let blobs = [builtin::find("nano").unwrap(), builtin::find("tiny").unwrap()];
/// let parts = [blobs[0].model()?, blobs[1].model()?];
/// let fast = join("fast", &parts, &[1000, 0], Provenance::UNKNOWN)?;
/// assert_eq!(fast.model()?.stages()[0].margin, 1000);
/// assert!(fast.bytes().len() < blobs[0].bytes().len() + blobs[1].bytes().len());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`JoinError`] if the models cannot be asked in turn, or there are fewer margins than models.
pub fn join(
    name: &str,
    parts: &[Model<'_>],
    margins: &[u32],
    origin: Provenance<'_>,
) -> Result<Blob, JoinError> {
    check(parts)?;
    // Those of older versions are padded otherwise until they are written anew.
    let blobs = parts.iter().map(Blob::from_model).collect::<Result<Vec<_>, _>>()?;
    let parts = blobs.iter().map(Blob::model).collect::<Result<Vec<_>, _>>()?;
    let (first, mut room) = (&parts[0], [0; MAX_PROVENANCE]);
    let stages = parts.iter().zip(margins);
    let header = Header {
        name,
        labels: first.header().labels,
        sample: first.sample(),
        stages: stages.map(|(part, &margin)| beyond(part.stages()[0], margin)).collect(),
        layers: parts.iter().flat_map(|part| part.header().layers.iter().copied()).collect(),
        provenance: origin.write(&mut room)?,
    };
    let ranges = first.ranges().len() * Range::BYTES;
    let layers = parts.iter().flat_map(|part| &part.data()[ranges..]);
    let data: Vec<u8> = first.data()[..ranges].iter().chain(layers).copied().collect();
    Ok(Blob::from_model(&Model::new(header, Blob::from_bytes(&data).bytes())?)?)
}

/// A stage whose answer stands from this margin at the earliest: what it refuses alone, it refuses here.
fn beyond(own: Stage, margin: u32) -> Stage {
    Stage { margin: margin.max(own.margin), ..own }
}

fn check(parts: &[Model<'_>]) -> Result<(), JoinError> {
    let [first, others @ ..] = parts else { return Err(JoinError::Count { found: 0 }) };
    if others.is_empty() || parts.len() > MAX_STAGES {
        return Err(JoinError::Count { found: parts.len() });
    }
    let name = |part: &Model<'_>| visible::line(part.header().name);
    for part in parts {
        let stages = part.stages().len();
        if stages > 1 {
            return Err(JoinError::Stages { name: name(part), stages });
        }
    }
    let found = parts.iter().map(|part| part.layers().len()).sum();
    if found > MAX_LAYERS {
        return Err(JoinError::Layers { found });
    }
    for part in others {
        let both = || (name(part), name(first));
        if part.sample() != first.sample() {
            let ((name, first_name), [found, expected]) = (both(), [part, first].map(sample));
            return Err(JoinError::Sample { name, found, first: first_name, expected });
        }
        if !part.ranges().eq(first.ranges()) {
            let (name, first) = both();
            return Err(JoinError::Ranges { name, first });
        }
        if labels::of_model(part) != labels::of_model(first) {
            let ((name, first_name), [found, expected]) = (both(), [part, first].map(classes));
            return Err(JoinError::Classes { name, found, first: first_name, expected });
        }
    }
    Ok(())
}

/// What a model takes, in words.
fn sample(model: &Model<'_>) -> String {
    match model.sample() {
        Sample::Image(frame) => format!("{}, laid out {:?}", Shape::of_model(model), frame.layout),
        Sample::Features { .. } => Shape::of_model(model).to_string(),
    }
}

fn classes(model: &Model<'_>) -> String {
    let labels = labels::of_model(model);
    list(&labels.iter().map(String::as_str).collect::<Vec<_>>())
}
