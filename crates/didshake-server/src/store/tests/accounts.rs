//! Invites, claims, and what becomes of them when a session is made and when they are accepted.

mod authority;
mod races;

use didshake_axum::StoreError;

use super::*;
use crate::cookie::SecretHash;
use crate::policy::Policy;

const BOB: &str = "did:web:bob.example";
const MEMBERS: &str =
    "[groups]\nkept-out = []\n[[rule]]\ndeny = { group = \"kept-out\" }\n[[rule]]\nallow = { account = true }";

struct Scene {
    database: Database,
    accounts: Accounts,
    sessions: SqlSessions,
    policy: Policy,
}

async fn scene(place: &TestPlace, bounds: AccountBounds, policy: &str) -> Scene {
    let database = place.open().await.database;
    let accounts = Accounts::new(database.clone(), bounds);
    found_admin(&accounts, &database).await;
    let policy = Policy::parse(policy).unwrap();
    let entry = Entry { policy: LivePolicy::new(policy.clone()) };
    let sessions = SqlSessions::new(database.clone(), Bounds::with_sessions(1000), entry);
    Scene { database, accounts, sessions, policy }
}

/// Alice administers.
async fn found_admin(accounts: &Accounts, database: &Database) {
    let mut transaction = database.begin().await.unwrap();
    if accounts.of(&did(ALICE)).await.unwrap().is_none() {
        let alice = Account { groups: vec![ADMIN.into()], ..Account::of(&did(ALICE), NOW).unwrap() };
        accounts.add(&alice, &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

impl Scene {
    async fn invite(&self, groups: &[&str]) -> SecretHash {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let purpose = Purpose::Account { name: "bob".into(), email: None, groups };
        self.accounts.invite(&purpose, &did(ALICE), 3600, NOW).await.unwrap().secret.hash()
    }

    async fn key_invite(&self, of: &str) -> SecretHash {
        self.accounts.invite_own_key(&did(of), "phone".into(), &self.policy, NOW).await.unwrap().secret.hash()
    }

    async fn enters(&self, id: u8, who: &str, now: UnixTime) -> bool {
        match self.sessions.create(record(id, who, now)).await {
            Ok(()) => true,
            Err(StoreError::Refused) => {
                assert!(self.sessions.find(&[id; 16]).await.unwrap().is_none());
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn accepts(&self, secret: &SecretHash, who: &str, now: UnixTime) -> Result<Account, Undone> {
        self.accounts.accept(secret, &did(who), &self.policy, now).await.map(|(_, account)| account)
    }

    /// Claims and accepts it.
    async fn joins(&self, secret: &SecretHash, who: &str) -> Account {
        self.accounts.claim(secret, &did(who), NOW).await.unwrap();
        self.accepts(secret, who, NOW).await.unwrap()
    }

    async fn rows(&self, table: Table) -> u64 {
        self.database.rows(table).await.unwrap()
    }
}

#[tokio::test]
async fn a_claim_admits_for_ten_minutes_and_is_accepted_once() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let secret = scene.invite(&["staff"]).await;
        assert!(!scene.enters(1, BOB, NOW).await, "nobody has claimed it");
        scene.accounts.claim(&secret, &did(BOB), NOW).await.unwrap();
        assert!(!scene.enters(1, BOB, NOW.plus(600)).await, "the claim is over");
        assert!(matches!(scene.accepts(&secret, BOB, NOW.plus(600)).await, Err(Undone::Over)));
        scene.accounts.claim(&secret, &did(BOB), NOW.plus(600)).await.unwrap();
        assert!(scene.enters(1, BOB, NOW.plus(1199)).await);
        assert_eq!(scene.rows(Table::Accounts).await, 1, "it joins nobody");
        assert!(!scene.enters(2, BOB, NOW.plus(1200)).await, "without accepting");
        assert!(matches!(scene.accepts(&secret, "did:web:c", NOW.plus(1199)).await, Err(Undone::Conflict)));
        let account = scene.accepts(&secret, "did:web:BOB.example", NOW.plus(1199)).await.unwrap();
        assert_eq!(scene.accounts.of(&did(BOB)).await.unwrap().as_ref(), Some(&account));
        assert_eq!((account.subject.as_str(), account.groups), ("did:web:BOB.example", vec!["staff".to_owned()]));
        assert!(matches!(scene.accepts(&secret, BOB, NOW.plus(1199)).await, Err(Undone::Over)));
        assert!(matches!(scene.accounts.claim(&secret, &did("did:web:c"), NOW.plus(1200)).await, Err(Undone::Over)));
        assert!(scene.enters(2, BOB, NOW.plus(1300)).await, "by its account");
        // However it is written.
        assert_eq!(scene.accounts.of(&did("did:web:BOB.example%3A443")).await.unwrap().unwrap().id, account.id);
    }
}

#[tokio::test]
async fn an_invite_ends_and_is_forgotten_a_week_later() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let secret = scene.invite(&[]).await;
        scene.accounts.claim(&secret, &did(BOB), NOW.plus(3599)).await.unwrap();
        assert!(!scene.enters(1, BOB, NOW.plus(3600)).await);
        assert!(matches!(scene.accepts(&secret, BOB, NOW.plus(3600)).await, Err(Undone::Over)));
        let (over, week) = (NOW.plus(3600), 7 * 86_400);
        assert!(matches!(scene.accounts.look(&secret, over).await, Err(Undone::Over)));
        assert_eq!(scene.accounts.invites(over).await.unwrap(), []);
        sweeper::sweep_all(&scene.database, over.plus(week - 1)).await.unwrap();
        assert!(matches!(scene.accounts.look(&secret, over).await, Err(Undone::Over)));
        sweeper::sweep_all(&scene.database, over.plus(week)).await.unwrap();
        assert!(matches!(scene.accounts.look(&secret, over).await, Err(Undone::Unknown)));
        assert_eq!(scene.rows(Table::Invites).await, 0);
    }
}

#[tokio::test]
async fn whom_the_policy_keeps_out_no_invite_lets_in() {
    for (policy, groups) in [(MEMBERS, &["kept-out"][..]), ("[[rule]]\nallow = { method = \"key\" }", &["staff"])] {
        for place in both() {
            let scene = scene(&place, AccountBounds::default(), policy).await;
            let secret = scene.invite(groups).await;
            scene.accounts.claim(&secret, &did(BOB), NOW).await.unwrap();
            assert!(!scene.enters(1, BOB, NOW).await, "{policy}");
            assert!(matches!(scene.accepts(&secret, BOB, NOW).await, Err(Undone::Conflict)));
            assert!(scene.accounts.look(&secret, NOW).await.is_ok(), "it is not used up");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_who_accept_one_invite_at_once_one_has_it() {
    for place in both() {
        let Scene { accounts, sessions: _, .. } = scene(&place, AccountBounds::default(), MEMBERS).await;
        let Scene { accounts: others, sessions: _, .. } = scene(&place, AccountBounds::default(), MEMBERS).await;
        for round in 0..8_u8 {
            let purpose = Purpose::Account { name: "bob".into(), email: None, groups: Vec::new() };
            let secret = accounts.invite(&purpose, &did(ALICE), 3600, NOW).await.unwrap().secret.hash();
            let dids = [format!("did:web:a{round}.example"), format!("did:web:b{round}.example")];
            let accept = |here: Accounts, there: Accounts, who: String| {
                tokio::spawn(async move {
                    let (who, policy) = (did(&who), Policy::parse(MEMBERS).unwrap());
                    // A claim may come too late, when the other one has it already.
                    let _ = here.claim(&secret, &who, NOW).await;
                    let twice = tokio::join!(
                        here.accept(&secret, &who, &policy, NOW),
                        there.accept(&secret, &who, &policy, NOW)
                    );
                    [twice.0, twice.1]
                })
            };
            let one = accept(accounts.clone(), others.clone(), dids[0].clone());
            let other = accept(others.clone(), accounts.clone(), dids[1].clone());
            let ended = [one.await.unwrap(), other.await.unwrap()].into_iter().flatten().collect::<Vec<_>>();
            let accepted = ended.iter().filter(|ended| ended.is_ok()).count();
            let refused = |ended: &Result<_, _>| matches!(ended, Ok(_) | Err(Undone::Over | Undone::Conflict));
            assert!(ended.iter().all(refused), "{ended:?}");
            let mut made = 0;
            for who in &dids {
                made += usize::from(accounts.of(&did(who)).await.unwrap().is_some());
            }
            assert_eq!((accepted, made), (1, 1));
        }
    }
}

#[tokio::test]
async fn who_is_revoked_on_the_way_gets_no_session() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let secret = scene.invite(&[]).await;
        scene.accounts.claim(&secret, &did(BOB), NOW).await.unwrap();
        let standing = scene.accounts.standing(&did(BOB), NOW).await.unwrap();
        assert!(standing.lets_in(&did(BOB), &scene.policy), "the policy was asked");
        scene.accounts.revoke(&did(BOB), "", &did(ALICE), NOW).await.unwrap();
        assert!(!scene.enters(1, BOB, NOW).await);
        assert!(matches!(scene.accepts(&secret, BOB, NOW).await, Err(Undone::Conflict)));
        assert_eq!(scene.rows(Table::Accounts).await, 1);
        assert!(scene.accounts.restore(&did("did:web:Bob.example"), &did(ALICE), NOW).await.unwrap());
        assert!(scene.enters(1, BOB, NOW).await);
    }
}

#[tokio::test]
async fn revoking_a_did_ends_its_sessions_however_it_is_written() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), "[[rule]]\nallow = { method = \"web\" }").await;
        let others = ["did:web:bob.example%3A8443", "did:web:bob.example:x"];
        for (id, who) in (1..).zip([BOB, "did:web:BOB.example", others[0], others[1]]) {
            assert!(scene.enters(id, who, NOW).await);
        }
        scene.accounts.revoke(&did("did:web:bob.EXAMPLE%3A443"), "lost", &did(ALICE), NOW).await.unwrap();
        scene.accounts.revoke(&did(BOB), "again", &did(ALICE), NOW.plus(5)).await.unwrap();
        for (id, is_there) in [(1, false), (2, false), (3, true), (4, true)] {
            assert_eq!(scene.sessions.find(&[id; 16]).await.unwrap().is_some(), is_there, "{id}");
        }
        let listed = scene.accounts.revocations(None, 10).await.unwrap();
        assert_eq!((listed.len(), listed[0].since, listed[0].reason.as_str()), (1, NOW, "lost"));
        assert_eq!(scene.accounts.revocations(Some(&did(BOB)), 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_key_joins_the_account_of_its_invite_alone() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), "[[rule]]\nallow = { method = \"web\" }").await;
        assert!(scene.enters(1, BOB, NOW).await);
        let secret = scene.key_invite(BOB).await;
        let phone = "did:web:phone.example";
        scene.accounts.claim(&secret, &did(phone), NOW).await.unwrap();
        assert!(scene.enters(2, phone, NOW.plus(1)).await);
        assert_eq!(scene.accounts.of(&did(phone)).await.unwrap(), None, "not by a claim of whoever made it");
        let account = scene.accepts(&secret, phone, NOW.plus(1)).await.unwrap();
        assert_eq!(account.keys.iter().map(|key| key.did.as_str()).collect::<Vec<_>>(), [BOB, phone]);

        // The subject that was removed is nobody else's, also once its revocation is lifted.
        scene.accounts.remove_key(&did(phone), &did(BOB), NOW).await.unwrap();
        assert!(scene.sessions.find(&[1; 16]).await.unwrap().is_none(), "ended");
        assert!(scene.accounts.restore(&did(BOB), &did(ALICE), NOW).await.unwrap());
        assert!(!scene.enters(3, BOB, NOW).await);
        let other = scene.invite(&[]).await;
        assert!(matches!(scene.accounts.claim(&other, &did(BOB), NOW).await, Err(Undone::Conflict)));
        let _ = scene.joins(&scene.key_invite(phone).await, BOB).await;
        assert!(scene.enters(3, BOB, NOW).await);
    }
}

#[tokio::test]
async fn who_is_there_by_a_claim_alone_founds_no_account() {
    for (policy, founds) in [(MEMBERS, false), ("[[rule]]\nallow = { method = \"web\" }", true)] {
        for place in both() {
            let scene = scene(&place, AccountBounds::default(), policy).await;
            let secret = scene.invite(&[]).await;
            scene.accounts.claim(&secret, &did(BOB), NOW).await.unwrap();
            assert!(scene.enters(1, BOB, NOW).await);
            let made = scene.accounts.invite_own_key(&did(BOB), "x".into(), &scene.policy, NOW).await;
            assert!(founds == made.is_ok() && (founds || matches!(made, Err(Undone::Conflict))), "{policy}");
            assert_eq!(scene.rows(Table::Accounts).await, 1 + u64::from(founds));
        }
    }
}

#[tokio::test]
async fn an_account_has_twenty_keys_at_most() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), "[[rule]]\nallow = { method = \"web\" }").await;
        for number in 1..19_u8 {
            let _ = scene.joins(&scene.key_invite(BOB).await, &format!("did:web:{number}.example")).await;
        }
        let (last, late) = (scene.key_invite(BOB).await, scene.key_invite(BOB).await);
        scene.accounts.claim(&late, &did("did:web:late.example"), NOW).await.unwrap();
        assert_eq!(scene.joins(&last, "did:web:last.example").await.keys.len(), 20);
        assert!(matches!(scene.accepts(&late, "did:web:late.example", NOW).await, Err(Undone::Conflict)));
        let full = scene.accounts.invite_own_key(&did(BOB), "x".into(), &scene.policy, NOW).await;
        assert!(matches!(full, Err(Undone::Conflict)));
    }
}

#[tokio::test]
async fn a_full_table_refuses_and_what_is_over_makes_room() {
    for place in both() {
        let bounds = AccountBounds { accounts: 2, invites: 2, revocations: 1 };
        let scene = scene(&place, bounds, MEMBERS).await;
        let (first, second) = (scene.invite(&[]).await, scene.invite(&[]).await);
        let purpose = Purpose::Account { name: "x".into(), email: None, groups: Vec::new() };
        let full = scene.accounts.invite(&purpose, &did(ALICE), 60, NOW).await;
        assert!(matches!(full, Err(Undone::Store(StoreError::Full))));
        let _ = scene.joins(&first, BOB).await;
        scene.accounts.claim(&second, &did("did:web:c"), NOW).await.unwrap();
        let refused = scene.accepts(&second, "did:web:c", NOW).await;
        assert!(matches!(refused, Err(Undone::Store(StoreError::Full))));
        assert!(scene.accounts.look(&second, NOW).await.is_ok(), "not used up");
        let _ = scene.invite(&[]).await;
        assert_eq!(scene.rows(Table::Invites).await, 2, "the used one is gone");

        scene.accounts.revoke(&did("did:web:x"), "", &did(ALICE), NOW).await.unwrap();
        let full = scene.accounts.revoke(&did("did:web:y"), "", &did(ALICE), NOW).await;
        assert!(matches!(full, Err(Undone::Store(StoreError::Full))));
        assert_eq!(scene.rows(Table::Revocations).await, 1);
    }
}

#[tokio::test]
async fn pages_of_accounts_have_each_once() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), "[[rule]]\nallow = { method = \"web\" }").await;
        for number in 0..5 {
            let _ = scene.key_invite(&format!("did:web:{number}.example")).await;
        }
        let (mut after, mut seen) = (crate::id::Id::FIRST, Vec::new());
        loop {
            let page = scene.accounts.page(after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.id;
            assert!(page.iter().all(|account| account.keys.len() == 1));
            seen.extend(page.into_iter().map(|account| account.subject));
        }
        seen.retain(|subject| subject != ALICE);
        seen.sort();
        assert_eq!(seen, (0..5).map(|number| format!("did:web:{number}.example")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn who_may_less_than_before_leaves_no_invite_behind() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), "[[rule]]\nallow = { method = \"web\" }").await;
        let (laptop, phone) = (BOB, "did:web:phone.example");
        let _ = scene.joins(&scene.key_invite(laptop).await, phone).await;

        // A thief of the laptop has claimed an invite of it when its key is removed.
        let (stolen, own) = (scene.key_invite(laptop).await, scene.key_invite(phone).await);
        scene.accounts.claim(&stolen, &did("did:web:thief.example"), NOW).await.unwrap();
        let account = scene.accounts.remove_key(&did(phone), &did("did:web:BOB.example"), NOW).await.unwrap();
        assert!(matches!(scene.accounts.look(&stolen, NOW).await, Err(Undone::Unknown)));
        assert!(scene.accounts.look(&own, NOW).await.is_ok());
        assert!(matches!(scene.accepts(&stolen, "did:web:thief.example", NOW).await, Err(Undone::Unknown)));
        assert_eq!(scene.accounts.of(&did("did:web:thief.example")).await.unwrap(), None);

        let groups = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let purpose = Purpose::Account { name: "x".into(), email: None, groups: vec![ADMIN.into()] };
        for (before, after) in [
            (
                Change { groups: groups(&[ADMIN]), ..Change::default() },
                Change { groups: groups(&[]), ..Change::default() },
            ),
            (
                Change { disabled: Some(false), groups: groups(&[ADMIN]), ..Change::default() },
                Change { disabled: Some(true), ..Change::default() },
            ),
        ] {
            let change =
                async |change: &Change| scene.accounts.change(account.id, change, &did(ALICE), NOW).await.unwrap();
            let _ = change(&before).await;
            let made = scene.accounts.invite(&purpose, &did(phone), 60, NOW).await.unwrap().secret.hash();
            let _ = change(&Change { name: Some("same".into()), ..Change::default() }).await;
            assert!(scene.accounts.look(&made, NOW).await.is_ok());
            let _ = change(&after).await;
            assert!(matches!(scene.accounts.look(&made, NOW).await, Err(Undone::Unknown)));
        }
    }
}

// Whoever has any invite could have kept somebody from accepting another.
#[tokio::test]
async fn a_claim_of_another_invite_takes_nothing_away() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let (own, other) = (scene.invite(&["staff"]).await, scene.invite(&[]).await);
        scene.accounts.claim(&own, &did(BOB), NOW).await.unwrap();
        scene.accounts.claim(&other, &did(BOB), NOW.plus(1)).await.unwrap();
        assert!(scene.enters(1, BOB, NOW.plus(2)).await);
        assert_eq!(scene.accepts(&own, BOB, NOW.plus(2)).await.unwrap().groups, ["staff"]);
        assert!(matches!(scene.accepts(&other, BOB, NOW.plus(2)).await, Err(Undone::Conflict)));
    }
}
