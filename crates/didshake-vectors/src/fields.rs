//! Fields of a message, as people read them.

use didshake::Fault;

/// A field of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Where it begins, in bytes from the beginning of the input.
    pub offset: usize,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its name in the specification.
    pub name: String,
    /// What the bytes say, in words.
    pub meaning: String,
    /// How deep it lies inside other fields; 0 is the message itself.
    pub depth: usize,
}

/// Where a message stops being one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoundFault {
    /// What is wrong.
    pub fault: Fault,
    /// Where, in bytes from the beginning of the input.
    pub offset: usize,
}

/// Walks over bytes and notes what it saw.
pub(crate) struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    depth: usize,
    pub(crate) fields: Vec<Field>,
    /// What a field that runs past the end is called here.
    truncated: Fault,
}

pub(crate) type Walk<T> = Result<T, FoundFault>;

impl<'a> Walker<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize, truncated: Fault) -> Self {
        Self { bytes, at, end: bytes.len(), depth: 0, fields: Vec::new(), truncated }
    }

    pub(crate) fn fault(&self, fault: Fault, offset: usize) -> FoundFault {
        FoundFault { fault, offset }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// Takes a field of fixed length.
    pub(crate) fn field(&mut self, name: &str, length: usize, meaning: impl FnOnce(&[u8]) -> String) -> Walk<&'a [u8]> {
        let offset = self.at;
        let bytes = self.take(length)?;
        self.note(offset, bytes, name, meaning(bytes));
        Ok(bytes)
    }

    /// Takes a big-endian number of `length` bytes.
    pub(crate) fn number(&mut self, name: &str, length: usize, meaning: impl FnOnce(u64) -> String) -> Walk<u64> {
        let value = |bytes: &[u8]| bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        Ok(value(self.field(name, length, |bytes| meaning(value(bytes)))?))
    }

    /// Takes the length of a vector and then its bytes.
    pub(crate) fn vector(
        &mut self,
        name: &str,
        length_bytes: usize,
        meaning: impl FnOnce(&[u8]) -> String,
    ) -> Walk<&'a [u8]> {
        let length = self.length(name, length_bytes)?;
        self.field(name, length, meaning)
    }

    /// Takes the length of a vector, and leaves what is in it to `inside`.
    pub(crate) fn nested(
        &mut self,
        name: &str,
        length_bytes: usize,
        truncated: Fault,
        inside: impl FnOnce(&mut Self) -> Walk<()>,
    ) -> Walk<()> {
        let length = self.length(name, length_bytes)?;
        if length > self.left() {
            return Err(self.past_the_end());
        }
        let outer = (self.end, self.truncated);
        self.end = self.at.saturating_add(length);
        (self.truncated, self.depth) = (truncated, self.depth + 1);
        inside(self)?;
        self.depth -= 1;
        self.at = self.end;
        (self.end, self.truncated) = outer;
        Ok(())
    }

    pub(crate) fn note(&mut self, offset: usize, bytes: &[u8], name: &str, meaning: String) {
        let (bytes, name, depth) = (bytes.to_vec(), name.to_owned(), self.depth);
        self.fields.push(Field { offset, bytes, name, meaning, depth });
    }

    fn length(&mut self, name: &str, length_bytes: usize) -> Walk<usize> {
        let length = self.number(&format!("length of {name}"), length_bytes, |length| match length {
            1 => String::from("1 byte"),
            length => format!("{length} bytes"),
        })?;
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn take(&mut self, length: usize) -> Walk<&'a [u8]> {
        if length > self.left() {
            return Err(self.past_the_end());
        }
        let end = self.at.saturating_add(length);
        let taken = self.bytes.get(self.at..end).ok_or_else(|| self.past_the_end())?;
        self.at = end;
        Ok(taken)
    }

    fn past_the_end(&self) -> FoundFault {
        self.fault(self.truncated, self.at)
    }
}
