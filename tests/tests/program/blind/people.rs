//! Agents on hosts, and what a relay's database holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use didshake::{Algorithm, Did, Origin, Secret, SigningKey};
use didshake_did::{Clock, LocalSigner, SigningIdentity, SystemClock};
use didshake_peer::http::WebClientOptions;
use didshake_peer::mailbox::{Agent, AgentOptions, SqliteStore};
use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions};
use didshake_tests::{Home, Namespace, Service, files_below};
use sqlx::{Connection, Row, SqliteConnection};
use tokio::runtime::{Builder, Runtime};

/// An agent on a host: whatever it opens, it opens there.
pub(crate) struct Person {
    runtime: Runtime,
    home: Home,
    agent: Agent,
    key: [u8; 32],
}

impl Person {
    /// Somebody who trusts these roots.
    pub(crate) fn at(host: &Namespace, seed: u8, roots: &[u8]) -> Self {
        // Threads are where the thread was that began them.
        let runtime = host.enter(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
        let home = Home::new();
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
        let public = key.public_key().as_bytes().try_into().unwrap();
        let identity = SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap();
        let web = WebClientOptions::default().with_roots(roots).unwrap();
        let path = home.path("agent.sqlite");
        let opening = runtime.spawn(async move {
            let store = SqliteStore::open(&path, identity.did().clone()).await.unwrap();
            Agent::new(identity, store, AgentOptions { web, receipts: false, ..AgentOptions::default() }).unwrap()
        });
        let agent = runtime.block_on(opening).unwrap();
        Self { runtime, home, agent, key: public }
    }

    /// Does something on its host.
    pub(crate) fn does<T, F>(&self, what: impl FnOnce(Agent) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.block_on(self.runtime.spawn(what(self.agent.clone()))).unwrap()
    }

    pub(crate) fn did(&self) -> &str {
        self.agent.identity().did().as_str()
    }

    pub(crate) fn public_key(&self) -> &[u8] {
        &self.key
    }

    /// What it keeps.
    pub(crate) fn files(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        files_below(self.home.path("").as_path())
    }

    pub(crate) fn open_mailbox(&self, relay: &Service) {
        let (origin, did) = (Origin::parse(&relay.origin).unwrap(), Did::parse(&relay.did).unwrap());
        self.does(|agent| async move { agent.open_mailbox(&origin, &did).await.unwrap() });
    }

    /// They have each other's contact cards. The token that this one got.
    pub(crate) fn meet(&self, other: &Self) -> [u8; 32] {
        let token = self.is_let_in_by(other);
        other.is_let_in_by(self);
        token
    }

    fn is_let_in_by(&self, other: &Self) -> [u8; 32] {
        let (own, theirs) = (self.did().to_owned(), other.agent.identity().did().clone());
        let address = other.does(|agent| async move {
            let mailbox = agent.store().mailboxes().await.unwrap().remove(0);
            agent.give_token(&mailbox.origin, &own, None).await.unwrap()
        });
        let token = *address.token.secret().expose();
        self.does(|agent| async move { agent.add_contact(&theirs, Some(address)).await.unwrap() });
        token
    }

    /// What the letters are called inside of their envelopes.
    pub(crate) fn write_and_deliver(&self, to: &str, texts: &[&'static str]) -> Vec<[u8; 16]> {
        let (to, texts) = (Did::parse(to).unwrap(), texts.to_vec());
        self.does(|agent| async move {
            let mut ids = Vec::new();
            for text in &texts {
                let expires = SystemClock.now().plus(3600);
                ids.push(agent.write(&to, "text/plain", text.as_bytes(), expires).await.unwrap());
            }
            let delivery = agent.deliver().await.unwrap();
            assert!(delivery.deposited >= texts.len() as u64 && delivery.trouble.is_empty(), "{delivery:?}");
            ids
        })
    }

    /// Takes what waits, and reads it.
    pub(crate) fn fetch(&self) -> Vec<String> {
        self.does(|agent| async move {
            agent.fetch(0).await.unwrap();
            let letters = agent.store().unread(0, 100).await.unwrap();
            agent.mark_read(&letters).await.unwrap();
            letters.iter().map(|letter| String::from_utf8(letter.content.to_vec()).unwrap()).collect()
        })
    }
}

/// An application protocol of ours.
const PROTOCOL: &[u8] = b"didshake.chat/1";

impl Person {
    /// Calls somebody live, through the relay, says something and hears what they answer.
    pub(crate) fn talk(&self, other: &Self, said: &'static str, answer: &'static str) {
        let (own, theirs) = (self.agent.identity().did().clone(), other.agent.identity().did().clone());
        let mut connections = other.agent.connections();
        let answering = other.runtime.spawn(answer_once(other.agent.clone(), own, said, answer));
        let connected = connections.wait_for(|connections| connections.are_settled());
        drop(other.runtime.block_on(connected).unwrap());
        self.does(|agent| async move {
            let options = InitiatorOptions::new(agent.identity().clone(), PROTOCOL, Expect::Did(theirs.clone()));
            let mut channel = agent.call(&theirs, &options).await.unwrap();
            channel.send(said.as_bytes()).await.unwrap();
            assert_eq!(channel.recv().await.unwrap().as_deref(), Some(answer.as_bytes()));
            channel.close().await.unwrap();
        });
        self.runtime.block_on(answering).unwrap();
    }
}

/// Is there, takes one call of somebody, and answers what they say.
async fn answer_once(agent: Agent, from: Did, expected: &str, answer: &str) {
    let mut offers = agent.offers();
    let running = agent.clone();
    let running = tokio::spawn(async move { running.run().await });
    let offer = offers.recv().await.unwrap();
    let options = ResponderOptions::new(agent.identity().clone(), PROTOCOL, Admit::only(from));
    let mut channel = agent.answer(&offer, &options, &MemoryBurnStore::default()).await.unwrap();
    assert_eq!(channel.recv().await.unwrap().as_deref(), Some(expected.as_bytes()));
    channel.send(answer.as_bytes()).await.unwrap();
    assert_eq!(channel.recv().await.unwrap(), None);
    running.abort();
}

/// Every row of every table, with what its columns are called.
pub(crate) struct Rows(BTreeMap<String, (Vec<String>, Vec<Vec<String>>)>);

/// Reads a database, also while it is in use.
pub(crate) fn rows(path: &Path) -> Rows {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut database = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut tables = BTreeMap::new();
        for table in sqlx::query(names).fetch_all(&mut database).await.unwrap() {
            let table: String = table.get(0);
            let columns = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(&table);
            let columns: Vec<String> =
                columns.fetch_all(&mut database).await.unwrap().iter().map(|row| row.get(0)).collect();
            let quoted: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let all = format!("SELECT {} FROM \"{table}\"", quoted.join(", "));
            let all = sqlx::query(sqlx::AssertSqlSafe(all)).fetch_all(&mut database).await.unwrap();
            let all = all.iter().map(|row| (0..columns.len()).map(|at| row.get(at)).collect()).collect();
            tables.insert(table, (columns, all));
        }
        Rows(tables)
    })
}

impl Rows {
    /// What is here and not there, a row a line.
    pub(crate) fn difference(&self, before: &Self) -> BTreeSet<String> {
        let lines = |rows: &Self| -> BTreeSet<String> {
            let lines = rows
                .0
                .iter()
                .flat_map(|(table, (_, rows))| rows.iter().map(move |row| format!("{table}: {}", row.join(", "))));
            lines.collect()
        };
        lines(self).difference(&lines(before)).cloned().collect()
    }

    /// The byte strings of the rows where a column is this text, and what they are called: random ones, which stand for whose
    /// row it is.
    pub(crate) fn values_where(&self, table: &str, key: &str, value: &str) -> Vec<(String, Vec<u8>)> {
        let (columns, rows) = &self.0[table];
        let at = columns.iter().position(|column| column == key).unwrap();
        let value = format!("'{value}'");
        let theirs = rows.iter().filter(|row| row[at] == value);
        let values = theirs.flat_map(|row| columns.iter().zip(row));
        let bytes = |text: &str| hex::decode(text.strip_prefix("X'")?.strip_suffix('\'')?).ok();
        values.filter_map(|(column, text)| Some((column.clone(), bytes(text)?))).collect()
    }
}
