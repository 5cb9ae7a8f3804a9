#define _GNU_SOURCE
#include "streams.h"
#include "clock.h"
#include "latency.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum state { CONNECTING, HEAD, BODY, GONE };
enum chunk_part { SIZE, SIZE_EXTENSION, DATA, DATA_END };

struct stream {
  int fd, run;
  enum state state;
  int is_chunked;
  enum chunk_part part;
  uint64_t chunk_left;
  int64_t next_seq;
  char *line; /* of the head, or the beginning of a line of the body */
  size_t line_length, line_room;
};

struct streams_seen seen;
static const struct streams_plan *plan;
static struct stream *streams;
static int epoll_fd, started, on_their_way;
static int64_t read_at;

void name_run (char *to, int size, const char *pattern, int run) {
  const char *place = strstr(pattern, "{run}");
  if (place == NULL) snprintf(to, size, "%s", pattern);
  else snprintf(to, size, "%.*srun-%d%s", (int)(place - pattern), pattern, run, place + 5);
}

/* The number after a key in one line of JSON, or -1. */
static int64_t number_after (const char *key, const char *text, size_t length) {
  const char *at = memmem(text, length, key, strlen(key)), *end = text + length;
  if (at == NULL) return -1;
  int64_t number = 0;
  for (at += strlen(key); at < end && isdigit((unsigned char)*at); at++) number = number * 10 + (*at - '0');
  return number;
}

static void on_line (struct stream *stream, const char *line, size_t length) {
  if (length < 5 || memcmp(line, "data:", 5) != 0) return;
  int64_t seq = number_after("\"seq\":", line, length);
  if (seq < 0) return; /* a control frame */
  seen.events++;
  seen.last_event_us = read_at;
  if (seq < stream->next_seq) {
    seen.repeated++;
    return;
  }
  seen.skipped += seq - stream->next_seq;
  stream->next_seq = seq + 1;
  int64_t sent_at = number_after("\"ts\":", line, length);
  if (sent_at > 0) latency_note(seq * plan->runs + stream->run, read_at - sent_at);
}

static void keep (struct stream *stream, const char *bytes, size_t length) {
  if (stream->line_length + length > stream->line_room) {
    stream->line_room = (stream->line_length + length) * 2;
    stream->line = realloc(stream->line, stream->line_room);
  }
  memcpy(stream->line + stream->line_length, bytes, length);
  stream->line_length += length;
}

static void on_text (struct stream *stream, const char *text, size_t length) {
  for (const char *end = text + length; text < end;) {
    const char *line_end = memchr(text, '\n', end - text);
    if (line_end == NULL) {
      keep(stream, text, end - text);
      return;
    }
    if (stream->line_length > 0) {
      keep(stream, text, line_end - text);
      on_line(stream, stream->line, stream->line_length);
      stream->line_length = 0;
    } else {
      on_line(stream, text, line_end - text);
    }
    text = line_end + 1;
  }
}

static void on_size_byte (struct stream *stream, char byte) {
  if (byte == '\n') stream->part = stream->chunk_left > 0 ? DATA : DATA_END;
  else if (byte == ';') stream->part = SIZE_EXTENSION;
  else if (stream->part == SIZE && isxdigit((unsigned char)byte)) stream->chunk_left = stream->chunk_left * 16 + (byte <= '9' ? byte - '0' : (byte | 32) - 'a' + 10);
}

static void on_body (struct stream *stream, const char *bytes, size_t length) {
  if (!stream->is_chunked) {
    on_text(stream, bytes, length);
    return;
  }
  for (const char *end = bytes + length; bytes < end;) {
    if (stream->part == DATA) {
      size_t part = (size_t)(end - bytes) < stream->chunk_left ? (size_t)(end - bytes) : stream->chunk_left;
      on_text(stream, bytes, part);
      bytes += part;
      stream->chunk_left -= part;
      if (stream->chunk_left == 0) stream->part = DATA_END;
    } else if (stream->part == DATA_END) {
      if (*bytes++ == '\n') stream->part = SIZE;
    } else {
      on_size_byte(stream, *bytes++);
    }
  }
}

static void lose (struct stream *stream) {
  if (stream->state == BODY) seen.ended++;
  else {
    on_their_way--;
    if (seen.failed++ < 3) fprintf(stderr, "load: a stream was not opened: %.*s\n", (int)stream->line_length, stream->line);
  }
  stream->state = GONE;
  close(stream->fd);
}

static void on_head (struct stream *stream, const char *bytes, size_t length) {
  keep(stream, bytes, length);
  char *head = stream->line, *end = memmem(head, stream->line_length, "\r\n\r\n", 4);
  if (end == NULL) return;
  if (memcmp(head + 9, "200", 3) != 0) {
    lose(stream);
    return;
  }
  size_t whole = stream->line_length, head_length = end + 4 - head;
  *end = 0;
  stream->is_chunked = strcasestr(head, "transfer-encoding: chunked") != NULL;
  stream->state = BODY;
  stream->line = NULL;
  stream->line_length = stream->line_room = 0;
  on_their_way--;
  seen.open++;
  on_body(stream, head + head_length, whole - head_length);
  free(head);
}

static void send_request (struct stream *stream, uint64_t number) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  char path[1024], cursor[128] = "", request[6144];
  name_run(path, sizeof path, plan->path, stream->run);
  if (plan->cursors != NULL) snprintf(cursor, sizeof cursor, "Last-Event-ID: %s\r\n", plan->cursors[stream->run]);
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n%s%s\r\n", path, plan->port, cursor, plan->headers);
  if (error != 0 || write(stream->fd, request, length) != length) {
    lose(stream);
    return;
  }
  stream->state = HEAD;
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, stream->fd, &event);
}

void streams_on_event (uint64_t number) {
  static char bytes[262144];
  struct stream *stream = &streams[number];
  if (stream->state == GONE) return;
  if (stream->state == CONNECTING) {
    send_request(stream, number);
    return;
  }
  ssize_t length = read(stream->fd, bytes, sizeof bytes);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    lose(stream);
    return;
  }
  seen.bytes += length;
  read_at = wall_us();
  if (stream->state == BODY) on_body(stream, bytes, length);
  else on_head(stream, bytes, length);
}

void streams_prepare (const struct streams_plan *given, int epoll) {
  plan = given;
  epoll_fd = epoll;
  streams = calloc(plan->streams + 1, sizeof *streams);
}

static void start (int number) {
  struct stream *stream = &streams[number];
  *stream = (struct stream){.run = number % plan->runs, .state = CONNECTING, .next_seq = plan->first_seq};
  on_their_way++;
  stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int yes = 1;
  setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(plan->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct epoll_event event = {.events = EPOLLOUT, .data.u64 = number};
  if (stream->fd < 0 || (connect(stream->fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS)) lose(stream);
  else epoll_ctl(epoll_fd, EPOLL_CTL_ADD, stream->fd, &event);
}

void streams_start (void) {
  while (started < plan->streams && on_their_way < plan->at_once) start(started++);
}

int streams_opening (void) {
  return plan->streams - started + on_their_way;
}
