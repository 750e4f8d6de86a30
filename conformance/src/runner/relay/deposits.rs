//! Deposits: durable, in order, once, until they are answered or over.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::answer::Answer;
use super::owner::now;
use super::scene::{MAILBOX, Scene, Shown};
use crate::runner::attempt::Try;
use crate::runner::target::link::PATIENCE;
use crate::runner::target::trials::expect;

fn sequences(shown: &[Shown]) -> Vec<u64> {
    shown.iter().map(|shown| shown.sequence).collect()
}

pub(super) fn waiting(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelopes = scene.envelopes(3);
    let all: Vec<&[u8]> = envelopes.iter().map(Vec::as_slice).collect();
    let until = now() + 1_800;
    let deposits: Vec<(u64, &[u8])> = all.iter().map(|envelope| (until, *envelope)).collect();
    scene.deposit_until(&token, &deposits)?.json(200)?;
    let shown = scene.shown("")?;
    let same = shown.iter().map(|shown| shown.envelope.as_slice()).eq(all.iter().copied());
    expect(same, "the envelopes that wait", "those that were deposited", shown.len())?;
    expect(shown.iter().all(|shown| shown.expires == until), "`expires`", "that of the deposit", until)?;
    expect(scene.shown("")? == shown, "what waits after it was shown", "the same", "something else")?;
    let states = scene.states(&token, &all)?;
    expect(states == ["waiting"; 3], "the states of what was shown", "waiting", states)?;
    let object = scene.owner.get(MAILBOX)?.json(200)?;
    let count = |name: &str| object.get(name).and_then(Value::as_u64);
    let bytes = envelopes.iter().map(Vec::len).sum::<usize>();
    let counted = count("waiting") == Some(3) && count("bytes") == u64::try_from(bytes).ok();
    expect(counted, "`waiting` and `bytes`", &format!("3 and {bytes}"), &object)?;
    scene.answer(&sequences(&shown), &[])?;
    scene.nothing_waits()
}

pub(super) fn answers(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelopes = scene.envelopes(3);
    let all: Vec<&[u8]> = envelopes.iter().map(Vec::as_slice).collect();
    scene.deposit(&token, &all)?;
    let shown = sequences(&scene.shown("")?);
    let [one, two, three] = shown.as_slice() else { return expect(false, "what waits", "3 deposits", shown.len()) };
    scene.answer(&[*one, three + 1_000], &[*two])?;
    let expected = ["taken", "refused", "waiting"];
    let states = scene.states(&token, &all)?;
    expect(states == expected, "the states of answered deposits", "taken, refused, waiting", states)?;
    expect(sequences(&scene.shown("")?) == [*three], "what waits", "the third", "something else")?;
    scene.answer(&[*two], &[*one])?;
    let states = scene.states(&token, &all)?;
    expect(states == expected, "the states after another answer", "those of the first", states)
}

pub(super) fn order(scene: &mut Scene<'_>) -> Try<()> {
    let (token, other) = (scene.token()?, scene.token()?);
    let envelopes = scene.envelopes(9);
    for (at, some) in envelopes.chunks(3).enumerate() {
        let some: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
        scene.deposit(if at == 1 { &other } else { &token }, &some)?;
    }
    let shown = scene.shown("")?;
    let ascend = shown.windows(2).all(|two| matches!(two, [one, next] if one.sequence < next.sequence));
    expect(ascend, "the sequence numbers", "ascending", sequences(&shown))?;
    let in_order = shown.iter().map(|shown| &shown.envelope).eq(envelopes.iter());
    expect(in_order, "the deposits", "in the order in which they were made", shown.len())?;
    let third = shown.get(2).map_or(0, |shown| shown.sequence);
    let page = scene.shown(&format!("?after={third}&limit=4"))?;
    let expected = shown.get(3..7).unwrap_or_default();
    expect(page == expected, "4 deposits after the third", &format!("{:?}", sequences(expected)), sequences(&page))?;
    // What is answered in between leaves the others where they are.
    scene.answer(&sequences(expected), &[])?;
    let rest: Vec<u64> = sequences(&shown).into_iter().filter(|one| !sequences(expected).contains(one)).collect();
    let left = sequences(&scene.shown("")?);
    expect(left == rest, "what waits afterwards", &format!("{rest:?}"), left)
}

pub(super) fn again(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let (one, two) = (scene.envelope(), scene.envelope());
    scene.deposit(&token, &[&one])?;
    let states = scene.deposit(&token, &[&one, &two, &one])?;
    expect(states == ["waiting"; 3], "the states of what is deposited again", "waiting", states)?;
    let shown = scene.shown("")?;
    let once = shown.iter().map(|shown| &shown.envelope).eq([&one, &two]);
    expect(once, "what waits", "each envelope once", shown.len())?;
    scene.answer(&sequences(&shown), &[])?;
    let states = scene.deposit(&token, &[&one])?;
    expect(states == ["taken"], "the state of what is deposited after it was taken", "taken", states)?;
    scene.nothing_waits()
}

pub(super) fn expired(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let (short, long) = (scene.envelope(), scene.envelope());
    let ends = now() + 2;
    scene.deposit_until(&token, &[(ends, &short), (ends + 3_600, &long)])?.json(200)?;
    let begun = Instant::now();
    loop {
        let states = scene.states(&token, &[&short, &long])?;
        if states == ["expired", "waiting"] && now() >= ends {
            break;
        }
        let early = states == ["waiting", "waiting"];
        expect(early && begun.elapsed() < PATIENCE, "the states past the expiry", "expired, waiting", states)?;
        thread::sleep(Duration::from_millis(250));
    }
    let waits = scene.shown_envelopes()?;
    expect(waits == [long], "what waits past the expiry", "the other deposit", waits.len())
}

pub(super) fn long_poll(scene: &mut Scene<'_>) -> Try<()> {
    let (token, first, second) = (scene.token()?, scene.envelope(), scene.envelope());
    scene.deposit(&token, &[&first])?;
    let shown = sequences(&scene.shown("?wait=10")?);
    let [sequence] = shown.as_slice() else { return expect(false, "what waits", "one deposit", shown.len()) };
    let begun = Instant::now();
    let none = scene.shown(&format!("?after={sequence}&wait=1"))?;
    let waited = begun.elapsed() >= Duration::from_millis(900);
    expect(none.is_empty() && waited, "a wait for a second", "nothing, after a second", begun.elapsed())?;
    // The deposit comes while the owner waits.
    let request = scene.post(super::scene::body(&[(now() + 60, &second)]), Some(&token.text), &scene.path);
    let endpoint = scene.endpoint;
    let begun = Instant::now();
    let (shown, deposited) = thread::scope(|scope| {
        let deposited = scope.spawn(move || {
            thread::sleep(Duration::from_millis(400));
            request.exchange(endpoint)
        });
        (scene.shown(&format!("?after={sequence}&wait=10")), deposited.join())
    });
    let failed = || crate::runner::case::Outcome::differs("a deposit", "an answer", "none");
    deposited.map_err(|_| failed())??.json(200)?;
    let came = shown?.iter().map(|shown| shown.envelope.clone()).collect::<Vec<_>>() == [second];
    let soon = begun.elapsed() < Duration::from_secs(8);
    expect(came && soon, "a wait for what comes", "the deposit, when it comes", begun.elapsed())
}
