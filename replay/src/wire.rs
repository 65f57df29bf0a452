//! Numbers and strings as bytes: little-endian words, and integers of as many bytes as they need.

/// Appends to a buffer.
pub(crate) trait Put {
    fn put_u64(&mut self, value: u64);
    /// Seven bits a byte, the last one without its highest bit.
    fn put_varint(&mut self, value: u64);
    fn put_text(&mut self, text: &str);
}

impl Put for Vec<u8> {
    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn put_text(&mut self, text: &str) {
        self.put_varint(text.len() as u64);
        self.extend_from_slice(text.as_bytes());
    }
}

/// Takes from the front; `None` where the bytes end too early or say what no writer says.
pub(crate) struct Take<'a>(pub(crate) &'a [u8]);

impl<'a> Take<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                // One number has one form: no zero behind what already ended.
                return (byte != 0 || shift == 0).then_some(value);
            }
        }
        None
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.varint()?).ok()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn put_and_take_are_inverse(numbers in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..300], 0..20), text: String) {
            let mut bytes = Vec::new();
            for number in &numbers {
                bytes.put_varint(*number);
                bytes.put_u64(*number);
                bytes.put_text(&text);
            }
            let mut take = Take(&bytes);
            for number in numbers {
                prop_assert_eq!(take.varint(), Some(number));
                prop_assert_eq!(take.u64(), Some(number));
                prop_assert_eq!(take.text(), Some(text.clone()));
            }
            prop_assert!(take.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let mut take = Take(&bytes);
            if let Some(number) = take.varint() {
                let mut again = Vec::new();
                again.put_varint(number);
                prop_assert!(bytes.starts_with(&again));
            }
            let _ = Take(&bytes).text();
        }
    }
}
