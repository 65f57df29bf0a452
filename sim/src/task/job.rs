//! A job: a future and, once it has ended, its output, in the one allocation that a task costs.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// A task's future with its types erased.
pub(crate) trait Job {
    /// Runs the future to its next await; ready when the output lies inside.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Moves the output into `into`, an `Option` of the output's type.
    fn take_output(self: Pin<&mut Self>, into: &mut dyn Any);
}

/// A job on the heap.
pub(crate) type BoxJob = Pin<Box<dyn Job>>;

pin_project! {
    #[project = StageProject]
    enum Stage<F: Future> {
        Running { #[pin] future: F },
        Ended { output: Option<F::Output> },
    }
}

/// Boxes a future as a job.
pub(crate) fn job<F: Future + 'static>(future: F) -> BoxJob {
    Box::pin(Stage::Running { future })
}

impl<F: Future + 'static> Job for Stage<F> {
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.as_mut().project() {
            StageProject::Running { future } => match future.poll(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(output) => {
                    self.set(Stage::Ended { output: Some(output) });
                    Poll::Ready(())
                }
            },
            StageProject::Ended { .. } => Poll::Ready(()),
        }
    }

    fn take_output(self: Pin<&mut Self>, into: &mut dyn Any) {
        if let StageProject::Ended { output } = self.project() {
            let into = into.downcast_mut::<Option<F::Output>>().expect("a handle has its job's output type");
            *into = output.take();
        }
    }
}
