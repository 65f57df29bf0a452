//! The macros. Each makes a static of its own; a model that lists its points names the same text there.

/// A place where a fault plan may strike: `site!("wal.appended_not_synced").await`.
#[macro_export]
macro_rules! site {
    ($name:literal) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Site);
        $crate::Site::new(&POINT)
    }};
}

/// A condition that must hold at every hit; the run fails by the point's name when it does not.
#[macro_export]
macro_rules! always {
    ($holds:expr, $name:literal) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Always);
        $crate::private::verdict(&POINT, $holds)
    }};
}

/// A condition that must hold at some hit of a campaign.
#[macro_export]
macro_rules! sometimes {
    ($holds:expr, $name:literal) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Sometimes);
        $crate::private::verdict(&POINT, $holds)
    }};
}

/// A place that some run of a campaign must reach.
#[macro_export]
macro_rules! reachable {
    ($name:literal) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Reachable);
        $crate::private::verdict(&POINT, true)
    }};
}

/// A place that no run may reach; the run fails by the point's name when it does. Unlike
/// [`std::unreachable!`] it does not panic.
#[macro_export]
macro_rules! unreachable {
    ($name:literal) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Unreachable);
        $crate::private::verdict(&POINT, false)
    }};
}

/// A number that is worth raising: a queue's depth, a lag.
#[macro_export]
macro_rules! numeric {
    ($name:literal, $value:expr) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Numeric);
        $crate::private::numeric(&POINT, u64::from($value))
    }};
}

/// What happened to a subject, for the semantic digest: `mark!("ledger.posted", account, amount)`.
///
/// Marks of one subject are folded in that subject's own order; the order between subjects is free.
#[macro_export]
macro_rules! mark {
    ($name:literal, $subject:expr $(, $value:expr)* $(,)?) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Mark);
        $crate::private::mark(
            &POINT,
            $crate::Value::from($subject),
            &[$($crate::Value::from($value)),*],
        )
    }};
}

/// Whether the run plants the bug of this name: `if quirk!("ack-before-sync") { … }`.
#[macro_export]
macro_rules! quirk {
    ($name:literal) => {{
        static POINT: $crate::Point = $crate::Point::new($name, $crate::Kind::Quirk);
        $crate::private::planted(&POINT)
    }};
}
