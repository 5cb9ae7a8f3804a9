/* Latencies in microseconds: of every delivery, and of the slowest delivery of each event. */
#ifndef LATENCY_H
#define LATENCY_H
#include <stdint.h>

/* Makes room for this many published events. */
void latency_expect (int64_t events);

/* Notes a delivery of the event with this number, counted from 0 over all runs. */
void latency_note (int64_t event, int64_t latency_us);

/* The latency that this share of all deliveries does not exceed, within 3 %; -1 when there were none. */
double latency_of_deliveries (double share);

/* The latency that the slowest deliveries of this share of the events do not exceed; -1 when there were none. Sorts: to be called at the end. */
double latency_of_slowest (double share);

#endif
