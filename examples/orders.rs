//! Small scenarios whose every schedule can be searched: `cargo run --example orders -- sweep --explore dfs --seeds 0`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tourbillon::Scenario;
use tourbillon::task::yield_now;
use tourbillon::time::sleep;

/// Two tasks add to a counter; between looking and writing, the other may go on.
async fn lost_update() {
    let total = Rc::new(Cell::new(0));
    let machine = tourbillon::machine("bank").create();
    for _ in 0..2 {
        let total = total.clone();
        machine.spawn(async move {
            let seen = total.get();
            yield_now().await;
            total.set(seen + 1);
        });
    }
    // The test's own task is on another machine: it is in no schedule of the bank.
    sleep(Duration::from_secs(1)).await;
    if total.get() != 2 {
        tourbillon::fail(
            "orders.every-payment-counts",
            format!("two were paid in, and {} is there", total.get()),
        );
    }
}

/// Two tasks take two steps each, and nobody minds in which order.
async fn any_order() {
    let steps = Rc::new(RefCell::new(Vec::new()));
    let machine = tourbillon::machine("bank").create();
    for task in 0..2 {
        let steps = steps.clone();
        machine.spawn(async move {
            for step in 0..2 {
                steps.borrow_mut().push((task, step));
                yield_now().await;
            }
        });
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(steps.borrow().len(), 4);
}

tourbillon::main!(vec![
    Scenario::new("orders/any", "two tasks of two yields, in any order", any_order),
    Scenario::new("orders/lost-update", "two payments, one of which may be lost", lost_update),
]);
