#define _GNU_SOURCE
#include "publisher.h"
#include "clock.h"
#include "streams.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_BYTES 65536
#define EVENT_HEAD "{\"event_type\":\"node_status\",\"payload\":"

struct published published;
static const struct publish_plan *plan;
static int fd, epoll_fd, is_armed;
static uint64_t data;
static char *queue;
static size_t sent, queued, room;
static char padding[MOST_BYTES];

static void add (const char *bytes, size_t length) {
  if (sent == queued) sent = queued = 0;
  if (queued + length > room) {
    room = (queued + length) * 2;
    queue = realloc(queue, room);
  }
  memcpy(queue + queued, bytes, length);
  queued += length;
}

/* Writes one payload so that the whole message has the planned size; gives its length. */
static int payload (char *to, int run, int64_t seq) {
  int64_t now = wall_us();
  int length = sprintf(to, "{\"run_id\":\"run-%d\",\"seq\":%ld,\"ts\":%ld,\"node\":\"n7\",\"status\":\"succeeded\",\"pad\":\"", run, (long)seq, (long)now);
  int rest = plan->bytes - length - (int)strlen(EVENT_HEAD) - 3;
  if (published.events == 0) published.first_us = now;
  published.events++;
  return length + sprintf(to + length, "%.*s\"}", rest > 0 ? rest : 0, padding);
}

static void request (const char *path, const char *more, const char *body, int length) {
  char head[8192];
  add(head, snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%s%sContent-Length: %d\r\n\r\n", path, more, plan->headers, length));
  add(body, length);
}

static void to_redis (const char *channel, int run, int64_t seq) {
  char message[MOST_BYTES + 1024], head[1024];
  int length = sprintf(message, EVENT_HEAD);
  length += payload(message + length, run, seq);
  length += sprintf(message + length, "}");
  add(head, snprintf(head, sizeof head, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%d\r\n", strlen(channel), channel, length));
  add(message, length);
  add("\r\n", 2);
}

static void to_nchan (const char *path, int run, int64_t seq) {
  char body[MOST_BYTES + 1024];
  request(path, "X-EventSource-Event: node_status\r\n", body, payload(body, run, seq));
}

static void to_runcast (const char *path, int run, int64_t seq) {
  static char *body;
  if (body == NULL) body = malloc((size_t)plan->batch * (MOST_BYTES + 1024));
  int length = 0;
  for (int event = 0; event < plan->batch; event++) {
    length += sprintf(body + length, "%c" EVENT_HEAD, event == 0 ? '[' : ',');
    length += payload(body + length, run, seq + event);
    body[length++] = '}';
  }
  body[length++] = ']';
  request(path, "", body, length);
}

void publisher_add (void) {
  int64_t batches = published.events / plan->batch;
  int run = (int)(batches % plan->runs);
  int64_t seq = batches / plan->runs * plan->batch;
  char target[1024];
  name_run(target, sizeof target, plan->target, run);
  if (plan->how == PUBLISH_REDIS) to_redis(target, run, seq);
  else if (plan->how == PUBLISH_NCHAN) to_nchan(target, run, seq);
  else to_runcast(target, run, seq);
}

void publisher_flush (void) {
  while (sent < queued) {
    ssize_t length = send(fd, queue + sent, queued - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (length <= 0) break;
    sent += length;
  }
  int should_arm = sent < queued;
  if (should_arm == is_armed) return;
  is_armed = should_arm;
  struct epoll_event event = {.events = EPOLLIN | (should_arm ? EPOLLOUT : 0), .data.u64 = data};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void publisher_on_event (void) {
  char answers[65536];
  ssize_t length;
  while ((length = read(fd, answers, sizeof answers - 1)) > 0) {
    answers[length] = 0;
    if (plan->how == PUBLISH_REDIS) published.refused += memchr(answers, '-', length) != NULL;
    else for (char *at = answers; (at = strstr(at, "HTTP/1.1 ")) != NULL; at += 9) published.refused += at[9] != '2';
  }
  if (length == 0) {
    fprintf(stderr, "load: the publisher's connection was closed\n");
    published.refused++;
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
  }
}

void publisher_open (const struct publish_plan *given, int epoll, uint64_t event_data) {
  plan = given;
  epoll_fd = epoll;
  data = event_data;
  memset(padding, 'x', sizeof padding - 1);
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(plan->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (void *)&address, sizeof address) < 0) {
    perror("load: the publisher does not connect");
    exit(2);
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}
