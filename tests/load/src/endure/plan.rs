//! Who is killed when.

/// A process that can be killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Victim {
    Relay,
    Recipient,
    /// Which of them.
    Sender(usize),
}

/// One kill: when so many messages were handed over, and some milliseconds later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kill {
    pub(super) at: usize,
    pub(super) later: u64,
    pub(super) victim: Victim,
}

/// The longest wait after the message: longer than anything that has to be whole takes.
const LONGEST: u64 = 200;

/// So many kills of the relay, as many of the recipient, half as many of a sender, at random over all messages.
pub(super) fn plan(messages: usize, kills: usize, senders: usize) -> Vec<Kill> {
    let of = |count: usize, victim: fn(usize) -> Victim| {
        (0..count).map(move |_| Kill {
            at: below(messages),
            later: below(LONGEST as usize) as u64,
            victim: victim(below(senders)),
        })
    };
    let all = of(kills, |_| Victim::Relay).chain(of(kills, |_| Victim::Recipient)).chain(of(kills / 2, Victim::Sender));
    let mut plan: Vec<Kill> = all.collect();
    plan.sort_by_key(|kill| kill.at);
    plan
}

fn below(bound: usize) -> usize {
    usize::try_from(getrandom::u64().expect("randomness") % bound as u64).expect("a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_killed_as_often_as_it_says_while_messages_are_under_way() {
        let plan = plan(1000, 20, 4);
        let count = |victim: fn(Victim) -> bool| plan.iter().filter(|kill| victim(kill.victim)).count();
        assert_eq!(count(|victim| victim == Victim::Relay), 20);
        assert_eq!(count(|victim| victim == Victim::Recipient), 20);
        assert_eq!(count(|victim| matches!(victim, Victim::Sender(0..4))), 10);
        assert!(
            plan.is_sorted_by_key(|kill| kill.at) && plan.iter().all(|kill| kill.at < 1000 && kill.later < LONGEST)
        );
    }
}
