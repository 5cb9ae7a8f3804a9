/* The event streams of the load client: opens them, decodes HTTP and SSE, and checks every event of every stream. */
#ifndef STREAMS_H
#define STREAMS_H
#include <stdint.h>

/* The streams to open. {run} in a path stands for the name of a run: run-0, run-1, ... */
struct streams_plan {
  int port;
  const char *path;
  const char *headers;        /* whole lines, each with its line break */
  int streams;
  int runs;                   /* the streams are spread evenly over them */
  int at_once;                /* how many may be on their way to the head of the response */
  const char *const *cursors; /* a Last-Event-ID per run, or NULL */
  int64_t first_seq;          /* the `seq` that the first event of every stream must have */
};

/* The events and bytes seen so far. */
struct streams_seen {
  int open, failed, ended;
  uint64_t events;     /* received, over all streams */
  uint64_t skipped;    /* events that a later one overtook */
  uint64_t repeated;   /* events that came twice or out of order */
  uint64_t bytes;
  int64_t last_event_us; /* wall clock */
};

extern struct streams_seen seen;

/* Prepares the streams; their events are announced to epoll with data.u64 below `plan->streams`. */
void streams_prepare (const struct streams_plan *plan, int epoll);

/* Starts as many as may be on their way. To be called until streams_opening() is 0. */
void streams_start (void);
int streams_opening (void);

void streams_on_event (uint64_t stream);

/* Writes a pattern with {run} replaced by the name of a run. */
void name_run (char *to, int size, const char *pattern, int run);

#endif
