/* Publishes numbered, timed events to the runs in turn, over one connection. */
#ifndef PUBLISHER_H
#define PUBLISHER_H
#include <stdint.h>

enum publish_how { PUBLISH_REDIS, PUBLISH_NCHAN, PUBLISH_RUNCAST };

struct publish_plan {
  enum publish_how how;
  int port;
  const char *target;  /* channel or path; {run} stands for the name of a run */
  const char *headers; /* of HTTP requests; whole lines */
  int runs;
  int batch;           /* events per request, Runcast only */
  int bytes;           /* of one message */
};

struct published {
  int64_t events;
  int64_t refused;    /* answers that were no success */
  int64_t first_us;   /* wall clock */
};

extern struct published published;

/* Connects; events are announced to epoll with this data.u64. Ends the process when that fails. */
void publisher_open (const struct publish_plan *plan, int epoll, uint64_t event_data);

/* Queues the next batch. */
void publisher_add (void);

/* Sends the queue, as far as the socket takes it. */
void publisher_flush (void);

/* Reads the answers. */
void publisher_on_event (void);

#endif
