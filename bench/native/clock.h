/* The clocks of the load client, in microseconds. */
#ifndef CLOCK_H
#define CLOCK_H
#include <stdint.h>
#include <time.h>

static inline int64_t clock_us (clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Runs evenly; for durations. */
static inline int64_t steady_us (void) { return clock_us(CLOCK_MONOTONIC); }

/* The time since 1970, as in the `ts` of events. */
static inline int64_t wall_us (void) { return clock_us(CLOCK_REALTIME); }

#endif
