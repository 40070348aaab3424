import { createHash } from 'node:crypto';

/** A script that the server runs as one step. All its keys are in one slot. https://valkey.io/topics/eval-intro/ */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** What is too long to be ours is not sent, whoever wrote it. Times and versions have at most 16 digits. */
const LOOK = `
local kind = redis.call('TYPE', KEYS[1]).ok
local function isLong(field, most) return redis.call('HSTRLEN', KEYS[1], field) > tonumber(most) end
local function beginOfVersion() return string.sub(redis.call('HGET', KEYS[1], 'version') or '', 1, 16) end`;

/** `ARGV`: most bytes of a record. */
export const READ = script(`${LOOK}
if kind == 'none' then return {'missing'} end
if kind ~= 'hash' then return {'poison', 'is a ' .. kind} end
if redis.call('HEXISTS', KEYS[1], 'used') == 1 then return {'missing'} end
if isLong('record', ARGV[1]) or isLong('version', 16) or isLong('activity', 16) then return {'poison', 'is too long', beginOfVersion()} end
local found = redis.call('HMGET', KEYS[1], 'version', 'activity', 'record')
return {'found', found[1] or '', found[2] or '', found[3] or ''}`);

/** `ARGV`: version to write over, record, time of activity, milliseconds to keep it. */
export const PUT = script(`${LOOK}
if kind ~= 'none' and kind ~= 'hash' then return {'poison', 'is a ' .. kind} end
local found = redis.call('HMGET', KEYS[1], 'version', 'activity', 'used')
if kind == 'none' or found[3] then
  if ARGV[1] ~= '0' then return {'missing'} end
  if found[3] then return {'conflict'} end
elseif not found[1] or not tonumber(found[2]) then
  return {'poison', 'lacks version or activity'}
elseif found[1] ~= ARGV[1] then
  return {'conflict'}
end
local version = string.format('%.0f', ARGV[1] + 1)
local activity = found[2]
if not activity or tonumber(activity) < tonumber(ARGV[3]) then activity = ARGV[3] end
redis.call('HSET', KEYS[1], 'version', version, 'activity', activity, 'record', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'found', version, activity}`);

/** `ARGV`: version or nothing, milliseconds for which the id stays used, most bytes of a record. */
export const REMOVE = script(`${LOOK}
if kind == 'none' then return {'missing'} end
local record = ''
if kind == 'hash' then
  if redis.call('HEXISTS', KEYS[1], 'used') == 1 then return {'missing'} end
  if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return {'conflict'} end
  if not isLong('record', ARGV[3]) then record = redis.call('HGET', KEYS[1], 'record') or '' end
elseif ARGV[1] ~= '' then
  return {'poison', 'is a ' .. kind}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'used', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'found', record}`);

/** `ARGV`: time of the activity. */
export const TOUCH = script(`${LOOK}
if kind ~= 'hash' then return {'missing'} end
local known = tonumber(redis.call('HGET', KEYS[1], 'activity') or '')
if not known then return {'missing'} end
if known < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'activity', ARGV[1]) end
return {'found'}`);

/** `ARGV`: score, member. Never raises the score of a member. */
export const ENLIST = script("return redis.call('ZADD', KEYS[1], 'LT', ARGV[1], ARGV[2])");

const UNCHANGED = "if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '') ~= tonumber(ARGV[2]) then return 0 end";

/** `ARGV`: member, its score when it was read, the score it gets. */
export const RESCHEDULE = script(`${UNCHANGED}
return redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])`);

/** `ARGV`: member, its score when it was read. */
export const STRIKE = script(`${UNCHANGED}
return redis.call('ZREM', KEYS[1], ARGV[1])`);

/** `ARGV`: member. */
export const DELIST = script("return redis.call('ZREM', KEYS[1], ARGV[1])");

/**
 * Members in order of score and name behind an entry. `ARGV`: its score, its name, highest score, most entries, longest
 * name. The operators of Lua compare texts by locale, a sorted set by bytes.
 */
export const PAGE = script(`${LOOK}
if kind == 'none' then return {'found'} end
if kind ~= 'zset' then return {'poison', 'is a ' .. kind} end
local function isBehind(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = one:byte(at), other:byte(at)
    if a ~= b then return a > b end
  end
  return #one > #other
end
local found, offset, limit = {'found'}, 0, tonumber(ARGV[4])
while true do
  local chunk = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[3], 'WITHSCORES', 'LIMIT', offset, limit)
  for at = 1, #chunk, 2 do
    local name, score = chunk[at], chunk[at + 1]
    if #name <= tonumber(ARGV[5]) and (tonumber(score) > tonumber(ARGV[1]) or isBehind(name, ARGV[2])) then
      found[#found + 1] = name
      found[#found + 1] = score
      if #found > 2 * limit then return found end
    end
  end
  if #chunk < 2 * limit then return found end
  offset = offset + limit
end`);

/** Answers whatever is there. */
export const ASK = script("return redis.call('TYPE', KEYS[1]).ok");

/** `KEYS`: what is put aside, where to. `ARGV`: the type it should have, its version when it was read, milliseconds to keep it. */
export const QUARANTINE = script(`${LOOK}
if kind == 'none' then return 0 end
if kind == ARGV[1] and (kind ~= 'hash' or beginOfVersion() ~= ARGV[2]) then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
return redis.call('PEXPIRE', KEYS[2], ARGV[3])`);
