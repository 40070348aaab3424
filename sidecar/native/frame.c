/* Reads requests. Whatever the bytes are, nothing outside of them is touched. */
#include "helper.h"

#include <endian.h>
#include <string.h>

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "numbers on the wire are little-endian");

struct reader {
  uint8_t *at;
  size_t left;
};

static bool take(struct reader *reader, void *to, size_t size) {
  if (reader->left < size) return false;
  memcpy(to, reader->at, size);
  reader->at += size;
  reader->left -= size;
  return true;
}

static bool take_text(struct reader *reader, char **text) {
  uint8_t *end = memchr(reader->at, 0, reader->left);
  if (end == NULL) return false;
  if (text != NULL) *text = (char *)reader->at;
  reader->left -= (size_t)(end - reader->at) + 1;
  reader->at = end + 1;
  return true;
}

static bool take_texts(struct reader *reader, struct texts *texts) {
  if (!take(reader, &texts->count, sizeof texts->count)) return false;
  texts->first = (char *)reader->at;
  for (uint32_t i = 0; i < texts->count; i++) {
    if (!take_text(reader, NULL)) return false;
  }
  return true;
}

static bool take_spawn(struct reader *reader, struct request *request) {
  return take(reader, &request->spawn.directory, 4)
    && take(reader, &request->spawn.window, 4)
    && take(reader, &request->spawn.drain_ms, 4)
    && take(reader, &request->spawn.input, 1) && request->spawn.input <= 1
    && take(reader, &request->spawn.cap, 8)
    && take_texts(reader, &request->spawn.argv) && request->spawn.argv.count > 0
    && take_texts(reader, &request->spawn.env);
}

static bool take_payload(struct reader *reader, struct request *request) {
  switch (request->type) {
    case SPAWN: return take_spawn(reader, request);
    case SIGNAL: return take(reader, &request->signal.signal, 4) && request->signal.signal <= 64;
    case INPUT:
      if (reader->left == 0 || reader->left > CHUNK) return false;
      request->input.bytes = reader->at;
      request->input.length = (uint32_t)reader->left;
      reader->left = 0;
      return true;
    case INPUT_END: return true;
    case CREDIT: return take(reader, &request->credit.stream, 1) && request->credit.stream <= 1 && take(reader, &request->credit.bytes, 4);
    case OPEN: return take(reader, &request->open.root, 4) && take_text(reader, &request->open.path);
    case RELEASE: return true;
    default: return false;
  }
}

/* The frame is what follows the length. A request must fill it to the last byte. */
bool parse_request(uint8_t *frame, size_t length, struct request *request) {
  struct reader reader = { frame, length };
  memset(request, 0, sizeof *request);
  return take(&reader, &request->type, 1) && take(&reader, &request->id, 4) && request->id < MAX_IDS
    && take_payload(&reader, request) && reader.left == 0;
}
