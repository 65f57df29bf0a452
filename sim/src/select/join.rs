//! A future that keeps its output until all of a `join!` have theirs.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// A future, then its output, then nothing. The future is dropped as soon as it has resolved.
    #[project = MaybeDoneProject]
    #[derive(Debug)]
    pub enum MaybeDone<F: Future> {
        /// It has not resolved.
        Running {
            #[pin]
            future: F,
        },
        /// It has.
        Done {
            output: Option<F::Output>,
        },
    }
}

/// A future that has not resolved.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Running { future: future.into_future() }
}

impl<F: Future> MaybeDone<F> {
    /// Polls it; true once it has resolved.
    #[inline]
    pub fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        match self.as_mut().project() {
            MaybeDoneProject::Running { future } => match future.poll(cx) {
                Poll::Pending => false,
                Poll::Ready(output) => {
                    self.set(MaybeDone::Done { output: Some(output) });
                    true
                }
            },
            MaybeDoneProject::Done { .. } => true,
        }
    }

    /// The output of one that has resolved, once.
    ///
    /// # Panics
    /// When it has not, or the output was taken.
    pub fn take_output(self: Pin<&mut Self>) -> F::Output {
        match self.project() {
            MaybeDoneProject::Done { output } => output.take().expect("an output is taken once"),
            MaybeDoneProject::Running { .. } => panic!("the output of a future that has not resolved"),
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> MaybeDone<F> {
    /// The error, when it has resolved to one.
    #[inline]
    pub fn take_error(self: Pin<&mut Self>) -> Option<E> {
        match self.project() {
            MaybeDoneProject::Done { output } if matches!(output, Some(Err(_))) => output.take()?.err(),
            _ => None,
        }
    }

    /// The value of one that has resolved to one, once.
    ///
    /// # Panics
    /// When it has not.
    pub fn take_ok(self: Pin<&mut Self>) -> T {
        let Ok(value) = self.take_output() else { panic!("an error ends a `try_join!` at once") };
        value
    }
}
