//! Plans of trouble as data, swarm profiles, budgets and the injector.
