//! The macros themselves. They are written by hand for up to 32 branches, without a procedural macro.
//!
//! Names of the variables of each branch are handed in as a table and taken from its front, one row a branch.
//! Nothing here is `unsafe`: each future is pinned in a variable of its own.

/// Awaits several futures and goes on with the first that resolves; the others are dropped.
///
/// The syntax and meaning are those of `tokio::select!`: `pattern = future[, if condition] => handler`, an
/// `else` for when every branch is out, and `biased;` for polling in the order of declaration. A branch is out
/// when its condition does not hold or its output does not fit its pattern. Without `biased;` the order is
/// drawn from the run at each poll.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// use std::time::Duration;
/// use tourbillon_sim::time::sleep;
/// let first = tourbillon_sim::select! {
///     () = sleep(Duration::from_millis(1)) => "early",
///     () = sleep(Duration::from_millis(2)) => "late",
/// };
/// assert_eq!(first, "early");
/// # }).unwrap();
/// ```
#[macro_export]
macro_rules! select {
    // All branches are normal now.
    (@done $how:ident [$(($bit:literal $future:ident $output:ident) $pattern:pat = $awaited:expr, if $condition:expr => $handler:expr,)+] [$($otherwise:tt)*]) => {{
        // Conditions come first, then every future is made, also those of branches that are out.
        #[allow(unused_mut)]
        let mut enabled: u64 = 0;
        $(if $condition {
            enabled |= 1 << $bit;
        })+
        $(let mut $output = ::core::option::Option::None;)+
        // The futures are dropped before a handler runs.
        let chosen = {
            $(let $future = $awaited;)+
            $(let mut $future = ::core::pin::pin!(::core::future::IntoFuture::into_future($future));)+
            ::core::future::poll_fn(|context| {
                let mut pending = false;
                for branch in $crate::select::Order::$how(enabled) {
                    match branch {
                        $($bit => {
                            let resolved = match ::core::future::Future::poll($future.as_mut(), context) {
                                ::core::task::Poll::Ready(resolved) => resolved,
                                ::core::task::Poll::Pending => {
                                    pending = true;
                                    continue;
                                }
                            };
                            enabled &= !(1 << $bit);
                            // A pattern is tried in a guard that always fails: it may bind by move, by
                            // reference or mutably, and what it was tried on stays whole.
                            let mut fits = false;
                            #[allow(unused_variables, unused_mut, unreachable_code, clippy::all)]
                            match resolved {
                                $pattern if { fits = true; false } => ::core::unreachable!("the guard fails"),
                                _ => {}
                            }
                            if fits {
                                $output = ::core::option::Option::Some(resolved);
                                return ::core::task::Poll::Ready($bit);
                            }
                        })+
                        _ => ::core::unreachable!("there are no more branches"),
                    }
                }
                if pending { ::core::task::Poll::Pending } else { ::core::task::Poll::Ready(u32::MAX) }
            })
            .await
        };
        #[allow(unused_mut, unreachable_code, clippy::all)]
        match chosen {
            $($bit => match $output {
                ::core::option::Option::Some($pattern) => $handler,
                _ => ::core::unreachable!("the output was seen to fit"),
            },)+
            _ => $crate::select!(@otherwise $($otherwise)*),
        }
    }};
    (@otherwise) => {
        ::core::panic!("all branches are disabled and there is no else branch")
    };
    (@otherwise $otherwise:expr) => {
        $otherwise
    };

    // Branches are made normal, one by one.
    (@next $how:ident [$($rows:tt)*] [$($done:tt)*]) => {
        $crate::select!(@done $how [$($done)*] [])
    };
    (@next $how:ident [$($rows:tt)*] [$($done:tt)*] else => $otherwise:expr $(,)?) => {
        $crate::select!(@done $how [$($done)*] [$otherwise])
    };
    (@next $how:ident [] [$($done:tt)*] $($rest:tt)*) => {
        ::core::compile_error!("select! takes up to 32 branches")
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr, if $condition:expr => $handler:block, $($rest:tt)*) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if $condition => $handler,] $($rest)*)
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr => $handler:block, $($rest:tt)*) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if true => $handler,] $($rest)*)
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr, if $condition:expr => $handler:block $($rest:tt)*) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if $condition => $handler,] $($rest)*)
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr => $handler:block $($rest:tt)*) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if true => $handler,] $($rest)*)
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr, if $condition:expr => $handler:expr) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if $condition => $handler,])
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr => $handler:expr) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if true => $handler,])
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr, if $condition:expr => $handler:expr, $($rest:tt)*) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if $condition => $handler,] $($rest)*)
    };
    (@next $how:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $pattern:pat = $awaited:expr => $handler:expr, $($rest:tt)*) => {
        $crate::select!(@next $how [$($rows)*] [$($done)* $row $pattern = $awaited, if true => $handler,] $($rest)*)
    };
    (@begin $how:ident $($branches:tt)*) => {
        $crate::select!(@next $how [
            (0 f0 o0) (1 f1 o1) (2 f2 o2) (3 f3 o3) (4 f4 o4) (5 f5 o5) (6 f6 o6) (7 f7 o7)
            (8 f8 o8) (9 f9 o9) (10 f10 o10) (11 f11 o11) (12 f12 o12) (13 f13 o13) (14 f14 o14) (15 f15 o15)
            (16 f16 o16) (17 f17 o17) (18 f18 o18) (19 f19 o19) (20 f20 o20) (21 f21 o21) (22 f22 o22)
            (23 f23 o23) (24 f24 o24) (25 f25 o25) (26 f26 o26) (27 f27 o27) (28 f28 o28) (29 f29 o29)
            (30 f30 o30) (31 f31 o31)
        ] [] $($branches)*)
    };

    ($(biased;)? else => $otherwise:expr $(,)?) => {
        $otherwise
    };
    (biased; $pattern:pat = $($rest:tt)*) => {
        $crate::select!(@begin biased $pattern = $($rest)*)
    };
    ($pattern:pat = $($rest:tt)*) => {
        $crate::select!(@begin drawn $pattern = $($rest)*)
    };
    () => {
        ::core::compile_error!("select! requires at least one branch")
    };
}

/// Awaits several futures in one task, and answers a tuple of their outputs.
///
/// The meaning is that of `tokio::join!`. Without `biased;` the order of polling is drawn from the run.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// let (one, two) = tourbillon_sim::join!(async { 1 }, async { "two" });
/// assert_eq!((one, two), (1, "two"));
/// # }).unwrap();
/// ```
#[macro_export]
macro_rules! join {
    (@done $how:ident take_output [$(($bit:literal $future:ident) $awaited:expr,)+]) => {{
        $(let mut $future = ::core::pin::pin!($crate::select::maybe_done($awaited));)+
        let mut left: u64 = 0;
        $(left |= 1 << $bit;)+
        ::core::future::poll_fn(|context| {
            for branch in $crate::select::Order::$how(left) {
                let done = match branch {
                    $($bit => $future.as_mut().poll(context),)+
                    _ => ::core::unreachable!("there are no more futures"),
                };
                if done {
                    left &= !(1 << branch);
                }
            }
            if left == 0 { ::core::task::Poll::Ready(()) } else { ::core::task::Poll::Pending }
        })
        .await;
        ($($future.as_mut().take_output(),)+)
    }};
    (@done $how:ident take_ok [$(($bit:literal $future:ident) $awaited:expr,)+]) => {{
        $(let mut $future = ::core::pin::pin!($crate::select::maybe_done($awaited));)+
        let mut left: u64 = 0;
        $(left |= 1 << $bit;)+
        let ended = ::core::future::poll_fn(|context| {
            for branch in $crate::select::Order::$how(left) {
                let done = match branch {
                    $($bit => {
                        let done = $future.as_mut().poll(context);
                        if let ::core::option::Option::Some(error) = $future.as_mut().take_error() {
                            return ::core::task::Poll::Ready(::core::result::Result::Err(error));
                        }
                        done
                    })+
                    _ => ::core::unreachable!("there are no more futures"),
                };
                if done {
                    left &= !(1 << branch);
                }
            }
            if left == 0 {
                ::core::task::Poll::Ready(::core::result::Result::Ok(()))
            } else {
                ::core::task::Poll::Pending
            }
        })
        .await;
        match ended {
            ::core::result::Result::Ok(()) => {
                ::core::result::Result::Ok(($($future.as_mut().take_ok(),)+))
            }
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
        }
    }};
    (@next $how:ident $take:ident [$($rows:tt)*] [$($done:tt)*]) => {
        $crate::join!(@done $how $take [$($done)*])
    };
    (@next $how:ident $take:ident [] [$($done:tt)*] $($rest:tt)*) => {
        ::core::compile_error!("join! and try_join! take up to 32 futures")
    };
    (@next $how:ident $take:ident [$row:tt $($rows:tt)*] [$($done:tt)*] $awaited:expr $(, $($rest:tt)*)?) => {
        $crate::join!(@next $how $take [$($rows)*] [$($done)* $row $awaited,] $($($rest)*)?)
    };
    (@begin $how:ident $take:ident $($futures:tt)*) => {
        $crate::join!(@next $how $take [
            (0 f0) (1 f1) (2 f2) (3 f3) (4 f4) (5 f5) (6 f6) (7 f7) (8 f8) (9 f9) (10 f10) (11 f11) (12 f12)
            (13 f13) (14 f14) (15 f15) (16 f16) (17 f17) (18 f18) (19 f19) (20 f20) (21 f21) (22 f22) (23 f23)
            (24 f24) (25 f25) (26 f26) (27 f27) (28 f28) (29 f29) (30 f30) (31 f31)
        ] [] $($futures)*)
    };

    ($(biased;)?) => {
        async {}.await
    };
    (biased; $($futures:tt)+) => {
        $crate::join!(@begin biased take_output $($futures)+)
    };
    ($($futures:tt)+) => {
        $crate::join!(@begin drawn take_output $($futures)+)
    };
}

/// As [`join!`](crate::join) for futures of results: `Ok` of a tuple, or the first error as soon as there is one.
///
/// The meaning is that of `tokio::try_join!`. Without `biased;` the order of polling is drawn from the run.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// let both = tourbillon_sim::try_join!(async { Ok::<_, String>(1) }, async { Err::<u8, _>(String::from("no")) });
/// assert_eq!(both, Err(String::from("no")));
/// # }).unwrap();
/// ```
#[macro_export]
macro_rules! try_join {
    ($(biased;)?) => {
        async { ::core::result::Result::Ok(()) }.await
    };
    (biased; $($futures:tt)+) => {
        $crate::join!(@begin biased take_ok $($futures)+)
    };
    ($($futures:tt)+) => {
        $crate::join!(@begin drawn take_ok $($futures)+)
    };
}
