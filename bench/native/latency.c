#include "latency.h"
#include <stdlib.h>

/* A histogram with 32 steps per power of two. */
#define STEPS 32
#define BUCKETS (40 * STEPS)

static uint64_t deliveries[BUCKETS], total;
static uint32_t *slowest;
static int64_t expected, noted;

void latency_expect (int64_t events) {
  slowest = calloc(events + 1, sizeof *slowest);
  expected = events;
}

static int bucket_of (uint64_t us) {
  if (us < STEPS) return (int)us;
  int exponent = 63 - __builtin_clzll(us);
  int bucket = (exponent - 4) * STEPS + (int)((us >> (exponent - 5)) & (STEPS - 1));
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static double middle_of (int bucket) {
  if (bucket < STEPS) return bucket;
  int exponent = bucket / STEPS + 4;
  double width = (double)(1ull << (exponent - 5));
  return (double)(STEPS + bucket % STEPS) * width + width / 2;
}

void latency_note (int64_t event, int64_t latency_us) {
  uint32_t us = latency_us < 0 ? 0 : (uint32_t)latency_us;
  deliveries[bucket_of(us)]++;
  total++;
  if (event >= expected) return;
  if (event >= noted) noted = event + 1;
  if (us > slowest[event]) slowest[event] = us;
}

double latency_of_deliveries (double share) {
  uint64_t wanted = (uint64_t)(share * (double)total), passed = 0;
  for (int bucket = 0; bucket < BUCKETS; bucket++) {
    passed += deliveries[bucket];
    if (passed > wanted) return middle_of(bucket);
  }
  return -1;
}

static int ascending (const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return left < right ? -1 : left > right;
}

double latency_of_slowest (double share) {
  if (noted == 0) return -1;
  qsort(slowest, noted, sizeof *slowest, ascending);
  return slowest[(int64_t)(share * (double)(noted - 1))];
}
