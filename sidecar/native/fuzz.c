/*
 * Feeds the parser with frames that are random, or nearly right, for some seconds. Each lies in memory of exactly its
 * length, so that a sanitizer sees any step beyond it. What is taken for well formed is read to the end.
 *
 *   fuzz SECONDS SEED
 */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LONGEST = 512, TURNS_PER_LOOK = 4096 };

static uint64_t state;
/* What was read is kept, so that no compiler leaves the reading out. */
static volatile size_t seen;

static uint32_t chance(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32) % below;
}

static size_t put_number(uint8_t *to, uint32_t number) {
  memcpy(to, &number, sizeof number);
  return sizeof number;
}

static size_t put_text(uint8_t *to) {
  size_t length = chance(20);
  for (size_t i = 0; i < length; i++) to[i] = (uint8_t)(1 + chance(255));
  to[length] = 0;
  return length + 1;
}

static size_t put_texts(uint8_t *to) {
  uint32_t count = chance(6);
  size_t size = put_number(to, count);
  for (uint32_t i = 0; i < count; i++) size += put_text(to + size);
  return size;
}

/* A well formed frame of any type. */
static size_t make(uint8_t *frame) {
  enum { START = 5, SPAWN_NUMBERS = 21, INPUT_AT = 12 };
  memset(frame, 0, LONGEST);
  frame[0] = (uint8_t)(SPAWN + chance(RELEASE));
  put_number(frame + 1, chance(MAX_IDS));
  uint8_t *payload = frame + START;
  switch (frame[0]) {
    case SPAWN: {
      payload[INPUT_AT] = (uint8_t)chance(2);
      size_t size = SPAWN_NUMBERS + put_texts(payload + SPAWN_NUMBERS);
      return START + size + put_texts(payload + size);
    }
    case SIGNAL: return START + put_number(payload, chance(65));
    case INPUT: return START + 1 + chance(100);
    case CREDIT: return START + 5;
    case OPEN: return START + 4 + put_text(payload + 4);
    default: return START;
  }
}

static size_t mutate(uint8_t *frame, size_t length) {
  for (uint32_t i = chance(4); i > 0 && length > 0; i--) {
    size_t at = chance((uint32_t)length);
    switch (chance(4)) {
      case 0: frame[at] = (uint8_t)chance(256); break;
      case 1: frame[at] ^= (uint8_t)(1U << chance(8)); break;
      case 2: length = at; break;
      default: length += chance((uint32_t)(LONGEST - length) + 1); break;
    }
  }
  return length;
}

static size_t read_texts(const struct texts *texts) {
  const char *text = texts->first;
  size_t sum = 0;
  for (uint32_t i = 0; i < texts->count; i++, text += strlen(text) + 1) sum += strlen(text);
  return sum;
}

/* Touches all that a request points to. */
static size_t read_request(const struct request *request) {
  switch (request->type) {
    case SPAWN: return read_texts(&request->spawn.argv) + read_texts(&request->spawn.env);
    case INPUT: return request->input.bytes[0] + (size_t)request->input.bytes[request->input.length - 1];
    case OPEN: return strlen(request->open.path);
    default: return request->id;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return STATUS_USAGE;
  time_t end = time(NULL) + atoi(argv[1]);
  state = strtoull(argv[2], NULL, 10) | 1;
  unsigned long long frames = 0, taken = 0, mangled = 0;
  uint8_t draft[LONGEST];
  do {
    for (int i = 0; i < TURNS_PER_LOOK; i++, frames++) {
      size_t length = make(draft);
      bool whole = chance(4) == 0;
      if (!whole) length = mutate(draft, length);
      uint8_t *frame = malloc(length == 0 ? 1 : length);
      if (frame == NULL) return STATUS_SYSTEM;
      memcpy(frame, draft, length);
      struct request request;
      if (parse_request(frame, length, &request)) {
        seen += read_request(&request);
        taken++;
      } else if (whole && !(frame[0] == SPAWN && request.spawn.argv.count == 0)) {
        mangled++;
      }
      free(frame);
    }
  } while (time(NULL) < end);
  printf("%llu frames, %llu taken, %llu refused though well formed\n", frames, taken, mangled);
  return mangled == 0 && taken > 0 && taken < frames ? 0 : 1;
}
