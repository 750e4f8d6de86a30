//! What stands for an application: it notes what it is handed, and how far it has come, in one transaction of its own.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};

/// One message that was handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handed {
    /// Where it stands in the inbox.
    pub at: u64,
    /// Whose it is.
    pub sender: String,
    /// Which of that sender's, from 0.
    pub number: u64,
}

/// The notes.
pub struct Application(SqlitePool);

/// What is wrong with the notes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// Messages that were handed over.
    pub handed: usize,
    /// A sender and a number that never came.
    pub lost: Vec<(String, u64)>,
    /// That came more than once.
    pub twice: Vec<(String, u64)>,
    /// That came after a higher one.
    pub out_of_order: Vec<(String, u64)>,
}

impl Application {
    /// Opens its notes, or begins them.
    ///
    /// # Panics
    /// Where the file is no such database.
    pub async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("a database");
        // Nothing here is unique: what comes twice is to be seen, not to fail.
        let tables =
            "CREATE TABLE IF NOT EXISTS handed (at INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT, number INTEGER);
            CREATE TABLE IF NOT EXISTS progress (after INTEGER);
            INSERT INTO progress SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM progress)";
        sqlx::raw_sql(tables).execute(&pool).await.expect("tables");
        Self(pool)
    }

    /// How far it has come in the inbox.
    ///
    /// # Panics
    /// Where the database fails.
    pub async fn after(&self) -> u64 {
        let row = sqlx::query("SELECT after FROM progress").fetch_one(&self.0).await.expect("a row");
        row.get::<i64, _>(0).try_into().expect("a number")
    }

    /// Notes these and how far it came with them: all, or nothing.
    ///
    /// # Panics
    /// Where the database fails.
    pub async fn note(&self, handed: &[Handed]) {
        let Some(last) = handed.last() else { return };
        let number = |number: u64| i64::try_from(number).expect("a number");
        let mut transaction = self.0.begin().await.expect("a transaction");
        for Handed { sender, number: which, .. } in handed {
            let insert = sqlx::query("INSERT INTO handed (sender, number) VALUES (?, ?)").bind(sender);
            insert.bind(number(*which)).execute(&mut *transaction).await.expect("an insert");
        }
        let progress = sqlx::query("UPDATE progress SET after = ?").bind(number(last.at));
        progress.execute(&mut *transaction).await.expect("an update");
        transaction.commit().await.expect("a commit");
    }

    /// How many were noted.
    ///
    /// # Panics
    /// Where the database fails.
    pub async fn count(&self) -> usize {
        let row = sqlx::query("SELECT count(*) FROM handed").fetch_one(&self.0).await.expect("a row");
        row.get::<i64, _>(0).try_into().expect("a number")
    }

    /// Whether each of these senders' messages, 0 up to `each`, was handed over once and in order.
    ///
    /// # Panics
    /// Where the database fails.
    pub async fn judge(&self, senders: &[String], each: u64) -> Verdict {
        let rows = sqlx::query("SELECT sender, number FROM handed ORDER BY at").fetch_all(&self.0).await.expect("rows");
        let mut verdict = Verdict { handed: rows.len(), ..Verdict::default() };
        let mut came: BTreeMap<String, Vec<u64>> = senders.iter().map(|sender| (sender.clone(), Vec::new())).collect();
        for row in rows {
            let number = row.get::<i64, _>(1).try_into().expect("a number");
            came.entry(row.get(0)).or_default().push(number);
        }
        for (sender, numbers) in came {
            let mut times = vec![0; usize::try_from(each).expect("a number")];
            let mut highest = None;
            for number in numbers {
                let time = times.get_mut(usize::try_from(number).expect("a number")).expect("none that was not sent");
                *time += 1;
                if *time > 1 {
                    verdict.twice.push((sender.clone(), number));
                } else if highest.is_some_and(|highest| highest > number) {
                    verdict.out_of_order.push((sender.clone(), number));
                }
                highest = highest.max(Some(number));
            }
            let missing = times.iter().zip(0..).filter(|(times, _)| **times == 0);
            verdict.lost.extend(missing.map(|(_, number)| (sender.clone(), number)));
        }
        verdict
    }
}

impl Verdict {
    /// Whether nothing is.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.lost.is_empty() && self.twice.is_empty() && self.out_of_order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(numbers: &[u64]) -> Vec<Handed> {
        numbers.iter().zip(1..).map(|(number, at)| Handed { at, sender: "alice".to_owned(), number: *number }).collect()
    }

    async fn verdict_on(numbers: &[u64]) -> (Verdict, u64) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes");
        Application::open(&path).await.note(&handed(numbers)).await;
        let again = Application::open(&path).await;
        (again.judge(&["alice".to_owned()], 4).await, again.after().await)
    }

    #[tokio::test]
    async fn what_is_lost_doubled_or_out_of_order_is_noticed() {
        let (good, after) = verdict_on(&[0, 1, 2, 3]).await;
        assert!(good.is_good() && good.handed == 4 && after == 4, "{good:?}");
        let of = |numbers: &[u64]| numbers.iter().map(|number| ("alice".to_owned(), *number)).collect::<Vec<_>>();
        assert_eq!(verdict_on(&[0, 1, 3]).await.0.lost, of(&[2]));
        assert_eq!(verdict_on(&[0, 1, 1, 2, 3]).await.0.twice, of(&[1]));
        assert_eq!(verdict_on(&[1, 0, 2, 3]).await.0.out_of_order, of(&[0]));
        assert_eq!(verdict_on(&[]).await.0.lost, of(&[0, 1, 2, 3]));
    }
}
