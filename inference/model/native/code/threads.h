/* A team of threads: a barrier, and units of work to share. */

#ifndef THREADS_H
#define THREADS_H

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    _Atomic int n_waiting, round;
    _Atomic int64_t next; /* unit of the present phase */
} Team;

/* Wait for all threads of the team. The last one sets the units back. */
static void meet(Team *team, int n_threads) {
    if (n_threads == 1) {
        atomic_store_explicit(&team->next, 0, memory_order_relaxed);
        return;
    }
    const int round = atomic_load_explicit(&team->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->n_waiting, 1, memory_order_acq_rel) == n_threads - 1) {
        atomic_store_explicit(&team->n_waiting, 0, memory_order_relaxed);
        atomic_store_explicit(&team->next, 0, memory_order_relaxed);
        atomic_store_explicit(&team->round, round + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&team->round, memory_order_acquire) == round; spins++)
        if (spins > 2000) sched_yield(); /* the thread that is waited for may need the core */
}

/* Return the next unit that no thread has; they are counted from 0 between two meetings. */
static inline int64_t next_unit(Team *team) {
    return atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
}

#endif
