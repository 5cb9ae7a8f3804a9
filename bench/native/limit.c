/* The limit: the least that a server can do to fan out from Redis with this kernel, on one thread and without checks.
 *
 *   limit PORT REDIS_PORT each|joined
 * each: one write per follower and event; joined: all events of one read from Redis in one write per follower.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#define MOST_FILES 65536
#define MOST_RUNS 20000
#define MOST_TRIES 100000
#define EVENT_TYPE_AT 15 /* in {"event_type":"T","payload":P}, whose layout is relied on */
#define PAYLOAD_AFTER 12 /* from the end of T to P */

struct run { int *followers, count, room; char *text; size_t length, text_room; };

static struct run runs[MOST_RUNS];
static int run_of[MOST_FILES], place_of[MOST_FILES]; /* of each follower's file descriptor */
static int changed[MOST_RUNS], changes, is_joined;
static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n";

static void write_all (int fd, const char *bytes, size_t length) {
  for (int tries = 0; length > 0 && tries < MOST_TRIES;) {
    ssize_t taken = write(fd, bytes, length);
    if (taken > 0) {
      bytes += taken;
      length -= taken;
    } else if (taken < 0 && errno == EAGAIN) {
      tries++;
      usleep(50);
    } else {
      return;
    }
  }
}

static void flush (void) {
  for (int i = 0; i < changes; i++) {
    struct run *run = &runs[changed[i]];
    for (int follower = 0; follower < run->count; follower++) write_all(run->followers[follower], run->text, run->length);
    run->length = 0;
  }
  changes = 0;
}

static char *put (char *to, const char *bytes, size_t length) {
  memcpy(to, bytes, length);
  return to + length;
}

static void deliver (int number, const char *message, size_t length) {
  struct run *run = &runs[number];
  if (run->count == 0) return;
  const char *type = message + EVENT_TYPE_AT, *type_end = memchr(type, '"', length - EVENT_TYPE_AT);
  const char *payload = type_end + PAYLOAD_AFTER, *end = message + length - 1;
  if (run->length + length > run->text_room) {
    run->text_room = (run->length + length) * 2;
    run->text = realloc(run->text, run->text_room);
  }
  if (run->length == 0) changed[changes++] = number;
  char *to = run->text + run->length;
  to = put(to, "event: ", 7);
  to = put(to, type, type_end - type);
  to = put(to, "\ndata: ", 7);
  to = put(to, payload, end - payload);
  to = put(to, "\n\n", 2);
  run->length = to - run->text;
  if (!is_joined) flush();
}

/* Takes one array of the Redis protocol apart; gives the text after it, or NULL when it is not whole. */
static char *read_array (char *at, char *end, char **items, size_t *lengths, int *count) {
  char *line_end = at < end ? memchr(at, '\n', end - at) : NULL;
  if (line_end == NULL) return NULL;
  *count = atoi(at + 1);
  at = line_end + 1;
  for (int item = 0; item < *count; item++) {
    line_end = at < end ? memchr(at, '\n', end - at) : NULL;
    if (line_end == NULL) return NULL;
    lengths[item] = *at == ':' ? 0 : (size_t)atol(at + 1);
    items[item] = line_end + 1;
    at = *at == ':' ? line_end + 1 : line_end + 1 + lengths[item] + 2;
    if (at > end) return NULL;
  }
  return at;
}

static void on_redis (int redis) {
  static char buffer[1 << 22];
  static size_t filled;
  ssize_t length = read(redis, buffer + filled, sizeof buffer - filled);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) exit(1);
  filled += length;
  char *at = buffer, *end = buffer + filled, *items[8], *next;
  size_t lengths[8];
  int count;
  while ((next = read_array(at, end, items, lengths, &count)) != NULL) {
    /* pmessage, pattern, channel, message */
    char *dash = count == 4 ? memchr(items[2], '-', lengths[2]) : NULL;
    if (dash != NULL && atoi(dash + 1) < MOST_RUNS) deliver(atoi(dash + 1), items[3], lengths[3]);
    at = next;
  }
  filled = end - at;
  memmove(buffer, at, filled);
  flush();
}

static void accept_all (int epoll, int listener) {
  int yes = 1;
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    run_of[fd] = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void leave (int fd) {
  if (run_of[fd] >= 0) {
    struct run *run = &runs[run_of[fd]];
    int last = run->followers[--run->count];
    run->followers[place_of[fd]] = last;
    place_of[last] = place_of[fd];
  }
  close(fd);
}

static void on_client (int fd) {
  char request[8192];
  ssize_t length = read(fd, request, sizeof request - 1);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    leave(fd);
    return;
  }
  request[length] = 0;
  char *name = strstr(request, "/run-");
  if (run_of[fd] >= 0 || name == NULL || atoi(name + 5) >= MOST_RUNS) return;
  run_of[fd] = atoi(name + 5);
  struct run *run = &runs[run_of[fd]];
  if (run->count == run->room) {
    run->room = run->room == 0 ? 4 : run->room * 2;
    run->followers = realloc(run->followers, run->room * sizeof *run->followers);
  }
  place_of[fd] = run->count;
  run->followers[run->count++] = fd;
  write_all(fd, HEAD, sizeof HEAD - 1);
}

static int local_socket (int port, int listens) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  int failed = listens ? bind(fd, (void *)&address, sizeof address) < 0 || listen(fd, 4096) < 0 : connect(fd, (void *)&address, sizeof address) < 0;
  if (failed) {
    perror(listens ? "limit: can not listen" : "limit: can not reach Redis");
    exit(1);
  }
  return fd;
}

int main (int count, char **arguments) {
  static const char SUBSCRIBE[] = "*2\r\n$10\r\nPSUBSCRIBE\r\n$21\r\nworkflow_run_events:*\r\n";
  static struct epoll_event ready[512];
  if (count != 4) return 2;
  is_joined = strcmp(arguments[3], "joined") == 0;
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max < MOST_FILES ? files.rlim_max : MOST_FILES;
  setrlimit(RLIMIT_NOFILE, &files);
  int redis = local_socket(atoi(arguments[2]), 0), listener = local_socket(atoi(arguments[1]), 1), epoll = epoll_create1(0);
  write_all(redis, SUBSCRIBE, sizeof SUBSCRIBE - 1);
  for (int i = 0; i < 2; i++) {
    int fd = i == 0 ? redis : listener;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
  for (;;) {
    int events = epoll_wait(epoll, ready, 512, -1);
    for (int i = 0; i < events; i++) {
      if (ready[i].data.fd == redis) on_redis(redis);
      else if (ready[i].data.fd == listener) accept_all(epoll, listener);
      else on_client(ready[i].data.fd);
    }
  }
}
