//! Every case of tiers 1 to 3: from the vectors' files, and from the model's own lists.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::Options;
use super::caller;
use super::case::{Case, Outcome, Tier};
use super::kept::{self, Fresh};
use super::live::{self, Live};
use super::logs;
use super::matrix;
use super::misbehaviour::{self, Misbehaviour};
use super::order;
use super::relay;
use super::replay::{self, Replay};
use super::shim::Shim;
use super::statics::{self, Question};
use super::target::Target;
use crate::card::CardVector;
use crate::check::Stop;
use crate::mailbox::MailboxVector;
use crate::negative::Negative;
use crate::positive::Positive;
use crate::request::RequestVector;
use crate::vector::Vector;
use crate::webvh::WebvhVector;
use crate::{negatives, positives};

/// The vectors as files.
pub(crate) struct Catalogue {
    handshakes: Vec<Vector>,
    requests: Vec<RequestVector>,
    mailboxes: Vec<MailboxVector>,
    cards: Vec<CardVector>,
    logs: Vec<WebvhVector>,
}

/// The positive from which two faults at once are made: the one with all kinds of records.
pub(crate) const ORDER_BASE: &str = "p-key-ed25519";

/// The letter from which cases beside the vectors are made.
const LETTER_BASE: &str = "m-ed25519";

/// The vectors as the model makes them, and what it makes beside them.
pub(crate) struct Models {
    pub(crate) positives: Vec<Positive>,
    pub(crate) negatives: Vec<Negative>,
    two_faults: Vec<(String, Negative)>,
}

/// A case that can be put to a shim.
pub(crate) enum Test<'c> {
    Question(Question),
    Fresh(Fresh),
    Replay(Case, Replay<'c>),
    Live(Box<Live<'c>>),
    Misbehaviour(Misbehaviour),
}

impl Test<'_> {
    pub(crate) fn case(&self) -> &Case {
        match self {
            Test::Question(question) => &question.case,
            Test::Fresh(fresh) => &fresh.case,
            Test::Replay(case, _) => case,
            Test::Live(live) => &live.case,
            Test::Misbehaviour(misbehaviour) => &misbehaviour.case,
        }
    }

    pub(crate) fn run(&self, shim: &mut Shim) -> Outcome {
        match self {
            Test::Question(question) => question.run(shim),
            Test::Fresh(fresh) => fresh.run(shim),
            Test::Replay(_, replay) => replay.run(shim),
            Test::Live(live) => live.run(shim),
            Test::Misbehaviour(misbehaviour) => misbehaviour.run(shim),
        }
    }
}

fn broken(what: &str, stop: Stop) -> String {
    format!("the model fails at {what}: {stop:?}")
}

impl Catalogue {
    /// Reads the vectors below a directory.
    pub(crate) fn load(directory: &Path) -> Result<Self, String> {
        let mut handshakes = files(&directory.join("positive"))?;
        handshakes.extend(files::<Vector>(&directory.join("negative"))?);
        let (requests, mailboxes) = (files(&directory.join("request"))?, files(&directory.join("mailbox"))?);
        let (cards, logs) = (files(&directory.join("card"))?, files(&directory.join("webvh"))?);
        Ok(Self { handshakes, requests, mailboxes, cards, logs })
    }

    /// Every case of the wanted tiers: those over a shim, of an endpoint of each transport, of an initiator.
    pub(crate) fn cases(&self, options: &Options) -> Result<Vec<Case>, String> {
        let models = Models::new(options)?;
        let tests = self.tests(&models, options)?;
        let mut cases: Vec<Case> = tests.iter().map(|test| test.case().clone()).collect();
        if options.wants(Tier::Matrix) {
            let pairings = models.positives.iter().filter_map(|positive| matrix::case(positive, options.seed));
            cases.extend(pairings.map(|pairing| pairing.case));
        }
        if options.wants(Tier::Relay) {
            cases.extend(relay::tests().into_iter().map(|(case, _)| case));
        }
        if !options.wants(Tier::Live) {
            return Ok(cases);
        }
        for target in Target::each()? {
            cases.extend(target.tests(&models, options.seed).iter().map(|test| test.case().clone()));
        }
        cases.extend(caller::tests(&models, options.seed).into_iter().map(|live| live.case));
        Ok(cases)
    }

    pub(crate) fn tests<'c>(&'c self, models: &'c Models, options: &Options) -> Result<Vec<Test<'c>>, String> {
        let mut tests = Vec::new();
        if options.wants(Tier::Static) {
            tests.extend(self.questions(models)?.into_iter().map(Test::Question));
        }
        if options.wants(Tier::Replay) {
            let replays = self.handshakes.iter().flat_map(replay::cases);
            tests.extend(replays.map(|replay| Test::Replay(replay.case(), replay)));
            tests.extend(self.makings()?);
        }
        if options.wants(Tier::Live) {
            let seed = options.seed;
            let mut live: Vec<Live<'_>> = models.positives.iter().flat_map(|one| live::honest(one, seed)).collect();
            for negative in &models.negatives {
                live.extend(live::misbehaving(negative, models.base(negative)?, seed));
            }
            if let Some(base) = models.positives.iter().find(|positive| positive.id == ORDER_BASE) {
                live.extend(order::cases(&models.two_faults, base, seed));
            }
            tests.extend(live.into_iter().map(Box::new).map(Test::Live));
            tests.extend(misbehaviour::cases(seed).into_iter().map(Test::Misbehaviour));
        }
        Ok(tests)
    }

    fn questions(&self, models: &Models) -> Result<Vec<Question>, String> {
        let mut questions = Vec::new();
        for vector in &self.handshakes {
            questions.extend(statics::of_vector(vector).map_err(|stop| broken(&vector.id, stop))?);
        }
        for negative in &models.negatives {
            let asked = statics::of_negative(negative, models.base(negative)?);
            questions.extend(asked.map_err(|stop| broken(negative.id, stop))?);
        }
        questions.extend(order::documents().map_err(|stop| broken("documents with two faults", stop))?);
        questions.extend(self.requests.iter().map(statics::of_request));
        questions.extend(self.mailboxes.iter().flat_map(kept::mailbox_read));
        questions.extend(self.cards.iter().flat_map(kept::card_read));
        questions.extend(self.logs.iter().map(logs::of_log));
        questions.extend(self.logs.iter().filter(|vector| vector.id == logs::BASE).flat_map(logs::beside));
        Ok(questions)
    }

    /// Mailbox keys, letters and cards that a shim makes.
    fn makings<'c>(&self) -> Result<Vec<Test<'c>>, String> {
        let mailboxes = self.mailboxes.iter().flat_map(kept::mailbox_made);
        let mut tests: Vec<Test<'_>> = mailboxes.map(Test::Question).collect();
        tests.extend(self.cards.iter().filter_map(kept::card_made).map(Test::Question));
        for vector in self.mailboxes.iter().filter(|vector| vector.id == LETTER_BASE) {
            let refused = kept::low_order(vector).map_err(|halt| format!("a mailbox key of low order: {halt:?}"))?;
            tests.extend(refused.map(Test::Question));
            tests.extend(Fresh::of(vector).map(Test::Fresh));
        }
        Ok(tests)
    }
}

impl Models {
    /// Nothing where only replays are wanted: those come from the files.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        if ![Tier::Static, Tier::Live, Tier::Matrix].into_iter().any(|tier| options.wants(tier)) {
            return Ok(Self { positives: Vec::new(), negatives: Vec::new(), two_faults: Vec::new() });
        }
        let positives = positives::all().map_err(|stop| broken("the positives", stop))?;
        let base = positives.iter().find(|positive| positive.id == ORDER_BASE && options.wants(Tier::Live));
        let two_faults = base.map(order::negatives).unwrap_or_default();
        Ok(Self { positives, negatives: negatives::all().map_err(|stop| broken("the negatives", stop))?, two_faults })
    }

    fn base(&self, negative: &Negative) -> Result<&Positive, String> {
        let base = self.positives.iter().find(|positive| positive.id == negative.base);
        base.ok_or_else(|| format!("{}: there is no positive {}", negative.id, negative.base))
    }

    /// Each positive alone, and each negative with the positive that it differs from.
    pub(crate) fn live<'c, T>(
        &'c self,
        mut make: impl FnMut(&'c Positive, Option<&'c Negative>) -> Option<T>,
    ) -> Vec<T> {
        let mut all: Vec<T> = self.positives.iter().filter_map(|positive| make(positive, None)).collect();
        for negative in &self.negatives {
            all.extend(self.base(negative).ok().and_then(|base| make(base, Some(negative))));
        }
        all
    }
}

/// Every JSON file of a folder, in the order of their names.
fn files<T: DeserializeOwned>(folder: &Path) -> Result<Vec<T>, String> {
    let failed = |path: &Path, cause: &dyn std::fmt::Display| format!("{}: {cause}", path.display());
    let entries = fs::read_dir(folder).map_err(|cause| failed(folder, &cause))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|cause| failed(folder, &cause))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).map_err(|cause| failed(path, &cause))?;
        serde_json::from_str(&text).map_err(|cause| failed(path, &cause))
    };
    paths.iter().map(read).collect()
}
