/* The load client: opens event streams, publishes events, and checks on every stream that each one came once and in order.
 *
 *   load --port P --path PATH [--header "Name: value"]... --streams N [--runs R] [--at-once N]
 * opens the streams and prints READY {json}. Then either
 *   --history COUNT [--first SEQ] [--cursors ID,ID,...]
 * waits until every stream has so many events from its Last-Event-ID on, or
 *   --publish redis|nchan|runcast --publish-port P --target CHANNEL|PATH --events M [--window W | --rate PER_SECOND] [--batch B] [--bytes B]
 * waits for a line on standard input and publishes, with at most W events outstanding or at a rate. Both print RESULT {json}.
 * Without either it waits for the end of its input. Nothing takes longer than --seconds.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "latency.h"
#include "publisher.h"
#include "streams.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define MOST_EVENTS 1024
#define MOST_BATCHES_PER_TURN 1024
#define PUBLISHER UINT64_MAX
#define INPUT (UINT64_MAX - 1)

static struct streams_plan streams = {.path = "", .headers = "", .streams = 1, .runs = 1, .at_once = 64};
static struct publish_plan publishing = {.headers = "", .runs = 1, .batch = 1, .bytes = 200};
static int epoll_fd, publishes, has_input;
static int64_t events, window, history, seconds = 60;
static double rate;
static char headers[8192];

static double seconds_from (int64_t start_us) {
  return seen.events == 0 ? 0 : (seen.last_event_us - start_us) / 1e6;
}

/* Waits for input and handles it. */
static void turn (int64_t wait_us) {
  static struct epoll_event ready[MOST_EVENTS];
  struct timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000};
  int count = epoll_pwait2(epoll_fd, ready, MOST_EVENTS, &wait, NULL);
  for (int i = 0; i < count; i++) {
    if (ready[i].data.u64 == INPUT) has_input = 1;
    else if (ready[i].data.u64 == PUBLISHER) publisher_on_event();
    else streams_on_event(ready[i].data.u64);
  }
}

static void open_streams (void) {
  int64_t start = steady_us();
  streams_prepare(&streams, epoll_fd);
  while (streams_opening() > 0 && steady_us() - start < seconds * 1000000) {
    streams_start();
    turn(100000);
  }
  printf("READY {\"open\":%d,\"failed\":%d,\"seconds\":%.4f}\n", seen.open, seen.failed, (steady_us() - start) / 1e6);
  fflush(stdout);
}

static void print_result (uint64_t expected, double took) {
  printf("RESULT {\"published\":%ld,\"refused\":%ld,\"expected\":%lu,\"received\":%lu,\"skipped\":%lu,\"repeated\":%lu,\"ended\":%d,\"bytes\":%lu,\"seconds\":%.4f,"
         "\"p50_us\":%.0f,\"p99_us\":%.0f,\"slowest_p99_us\":%.0f}\n",
         (long)published.events, (long)published.refused, (unsigned long)expected, (unsigned long)seen.events, (unsigned long)seen.skipped, (unsigned long)seen.repeated,
         seen.ended, (unsigned long)seen.bytes, took, latency_of_deliveries(.5), latency_of_deliveries(.99), latency_of_slowest(.99));
}

static void await_history (int64_t opened_wall_us) {
  uint64_t expected = (uint64_t)streams.streams * history;
  for (int64_t start = steady_us(); seen.events < expected && steady_us() - start < seconds * 1000000;) turn(100000);
  print_result(expected, seconds_from(opened_wall_us));
}

/* Waits for a line on standard input; @returns whether there was one. */
static int await_word (void) {
  char word[64];
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = INPUT};
  int is_polled = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event) == 0;
  while (is_polled && !has_input) turn(1000000);
  if (is_polled) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, 0, NULL);
  return fgets(word, sizeof word, stdin) != NULL;
}

/* The number of events that may have been published by now. */
static int64_t allowance (int64_t since_us, int64_t followers) {
  int64_t allowed = events;
  int64_t by_window = (int64_t)(seen.events / followers) + window, by_rate = (int64_t)(since_us * rate / 1e6) + 1;
  if (window > 0 && by_window < allowed) allowed = by_window;
  if (rate > 0 && by_rate < allowed) allowed = by_rate;
  return allowed;
}

static void publish (void) {
  int64_t followers = streams.streams / streams.runs, start, now;
  uint64_t expected = (uint64_t)events * followers;
  publisher_open(&publishing, epoll_fd, PUBLISHER);
  start = steady_us();
  while (seen.events < expected && seen.ended < seen.open && (now = steady_us() - start) < seconds * 1000000) {
    int64_t allowed = allowance(now, followers);
    for (int batch = 0; batch < MOST_BATCHES_PER_TURN && published.events + publishing.batch <= allowed; batch++) publisher_add();
    publisher_flush();
    int64_t next_us = rate > 0 && published.events < events ? (int64_t)(published.events * 1e6 / rate) - (steady_us() - start) : 100000;
    turn(next_us < 0 ? 0 : next_us > 100000 ? 100000 : next_us);
  }
  print_result(expected, seconds_from(published.first_us));
}

/* Splits a comma-separated list, one item per run. */
static const char *const *items (char *list) {
  const char **all = calloc(streams.runs + 1, sizeof *all);
  for (int run = 0; run < streams.runs; run++) {
    if ((all[run] = strsep(&list, ",")) == NULL) {
      fprintf(stderr, "load: --cursors needs one per run, after --runs\n");
      exit(2);
    }
  }
  return all;
}

static void read_options (int count, char **arguments) {
  static const struct option known[] = {
    {"port", 1, 0, 'p'}, {"path", 1, 0, 'P'}, {"header", 1, 0, 'h'}, {"streams", 1, 0, 's'}, {"runs", 1, 0, 'r'}, {"at-once", 1, 0, 'a'}, {"history", 1, 0, 'H'},
    {"first", 1, 0, 'f'}, {"cursors", 1, 0, 'c'}, {"publish", 1, 0, 'u'}, {"publish-port", 1, 0, 'o'}, {"target", 1, 0, 't'}, {"events", 1, 0, 'e'},
    {"window", 1, 0, 'w'}, {"rate", 1, 0, 'R'}, {"batch", 1, 0, 'b'}, {"bytes", 1, 0, 'B'}, {"seconds", 1, 0, 'S'}, {0}};
  for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
    switch (option) {
      case 'p': streams.port = atoi(optarg); break;
      case 'P': streams.path = optarg; break;
      case 'h': snprintf(headers + strlen(headers), sizeof headers - strlen(headers), "%s\r\n", optarg); break;
      case 's': streams.streams = atoi(optarg); break;
      case 'r': streams.runs = publishing.runs = atoi(optarg); break;
      case 'a': streams.at_once = atoi(optarg); break;
      case 'H': history = atoll(optarg); break;
      case 'f': streams.first_seq = atoll(optarg); break;
      case 'c': streams.cursors = items(optarg); break;
      case 'u': publishes = 1; publishing.how = strcmp(optarg, "redis") == 0 ? PUBLISH_REDIS : strcmp(optarg, "nchan") == 0 ? PUBLISH_NCHAN : PUBLISH_RUNCAST; break;
      case 'o': publishing.port = atoi(optarg); break;
      case 't': publishing.target = optarg; break;
      case 'e': events = atoll(optarg); break;
      case 'w': window = atoll(optarg); break;
      case 'R': rate = atof(optarg); break;
      case 'b': publishing.batch = atoi(optarg); break;
      case 'B': publishing.bytes = atoi(optarg); break;
      case 'S': seconds = atoll(optarg); break;
      default: exit(2);
    }
  }
  streams.headers = publishing.headers = headers;
}

int main (int count, char **arguments) {
  read_options(count, arguments);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  latency_expect(publishes ? events : 0);
  int64_t start = wall_us();
  open_streams();
  if (history > 0) await_history(start);
  else if (await_word() && publishes) publish();
  return 0;
}
