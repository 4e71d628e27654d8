#!lua name=entity_metrics_3
-- What happens to a cached hash, as a library of functions of Valkey or Redis (7 or later): each call is atomic.
--
-- A key K has beside it, in the same slot of a cluster:
--   {K}:state    hash: `gen`, a mark that every write changes; `w:<writer>`, until when (ms) a write in progress is believed;
--                `until`, how long K lives when no write is in progress any more
--   {K}:absent   there is nothing of it in ClickHouse; {K}:state lives as long, by which a bulk fill knows where to look for it
--   {K}:fill     who reads it from ClickHouse just now; others wait
--   {K}:answer   what a fill found that could not be kept, for those who waited
-- A write is `begin`, the event into ClickHouse, `finish`. While it lasts the hash lives only as long as the write is believed, so
-- that a writer that is killed takes the hash with it. A fill keeps what it found only if no write was in progress and none came
-- between. Every function takes keys K and may take many, except on a cluster, where it takes one.

local function now()
    local time = redis.call('time')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function beside(key, what)
    return '{' .. key .. '}:' .. what
end

local function forget(key)
    redis.call('del', key, beside(key, 'absent'), beside(key, 'answer'))
    redis.call('hdel', beside(key, 'state'), 'until')
end

-- The earliest moment until which a write in progress is believed, nil if there is none; and the mark. A write that is not believed
-- any more may have come into ClickHouse or not: the hash goes.
local function earliest_write(key, moment)
    local fields = redis.call('hgetall', beside(key, 'state'))
    local earliest, gen = nil, nil
    for i = 1, #fields, 2 do
        if fields[i] == 'gen' then
            gen = fields[i + 1]
        elseif string.sub(fields[i], 1, 2) == 'w:' then
            local deadline = tonumber(fields[i + 1])
            if deadline <= moment then
                redis.call('hdel', beside(key, 'state'), fields[i])
                forget(key)
            elseif not earliest or deadline < earliest then
                earliest = deadline
            end
        end
    end
    return earliest, gen
end

-- A hash that writes are under way for lives as long as the earliest of them is believed, if it lives as long without them.
local function limit_life(key, earliest)
    local state = beside(key, 'state')
    if earliest then
        redis.call('hsetnx', state, 'until', string.format('%.0f', redis.call('pexpiretime', key)))
        local before = tonumber(redis.call('hget', state, 'until'))
        redis.call('pexpireat', key, string.format('%.0f', math.min(earliest, before)))
    else
        local before = redis.call('hget', state, 'until')
        if before then
            redis.call('pexpireat', key, before)
            redis.call('hdel', state, 'until')
        end
    end
end

local function live_on(key, milliseconds)
    if redis.call('pttl', key) < tonumber(milliseconds) then
        redis.call('pexpire', key, milliseconds)
    end
end

local function mark(key, gen, milliseconds)
    redis.call('hset', beside(key, 'state'), 'gen', gen)
    live_on(beside(key, 'state'), milliseconds)
end

-- Fields and values, a line each, which takes half the time of a list; '' for what is absent, false for what is not known.
local function cached(key)
    local text = table.concat(redis.call('hgetall', key), '\n')
    return text ~= '' and text or redis.call('exists', beside(key, 'absent')) == 1 and ''
end

local function release_fill(key, who)
    if redis.call('get', beside(key, 'fill')) == who then
        redis.call('del', beside(key, 'fill'))
    end
end

-- args: ttl (ms), which is renewed when a tenth has gone; 0 does not renew it. While a write is in progress, what is renewed is how
-- long the hash lives after it. Returns what `cached` does for each key.
local function read(keys, args)
    local found, renewed_below, moment = {}, 0.9 * args[1], now()
    for i, key in ipairs(keys) do
        local text = cached(key)
        if text and text ~= '' and renewed_below > 0 and redis.call('pttl', key) < renewed_below then
            if redis.call('hexists', beside(key, 'state'), 'until') == 1 then
                redis.call('hset', beside(key, 'state'), 'until', string.format('%.0f', moment + args[1]))
            else
                redis.call('pexpire', key, args[1])
            end
        end
        found[i] = text
    end
    return found
end

-- args: who fills, how long that is believed (ms), how long the mark must last (ms). Returns for each key {'cached', text as of read},
-- {'answer', JSON}, {'fill', gen} where the caller is to fill it, or {'wait'}.
local function begin_fill(keys, args)
    local result = {}
    for i, key in ipairs(keys) do
        local is_there = redis.call('exists', key, beside(key, 'absent'), beside(key, 'answer')) > 0
        local text = is_there and cached(key)
        local answer = is_there and not text and redis.call('get', beside(key, 'answer'))
        if text then
            result[i] = { 'cached', text }
        elseif answer then
            result[i] = { 'answer', answer }
        elseif redis.call('set', beside(key, 'fill'), args[1], 'nx', 'px', args[2]) then
            local state, gen = beside(key, 'state'), args[1]
            if redis.call('hsetnx', state, 'gen', gen) == 1 then
                redis.call('pexpire', state, args[3])
            else
                gen = redis.call('hget', state, 'gen')
            end
            result[i] = { 'fill', gen }
        else
            result[i] = { 'wait' }
        end
    end
    return result
end

-- args: who fills, how long that is believed from now (ms). Returns how many keys it still fills.
local function renew_fill(keys, args)
    local held = 0
    for _, key in ipairs(keys) do
        if redis.call('get', beside(key, 'fill')) == args[1] then
            redis.call('pexpire', beside(key, 'fill'), args[2])
            held = held + 1
        end
    end
    return held
end

-- args: who fills, ttl (ms), life of an absence (ms), then for each key: gen, and the text of its fields and values as of read, ''
-- for an absence. Returns for each key 1 where it was kept, else 0; then the caller has to give an answer.
local function end_fill(keys, args)
    local kept, moment = {}, now()
    for i, key in ipairs(keys) do
        local gen, text = args[2 + 2 * i], args[3 + 2 * i]
        local earliest, found = earliest_write(key, moment)
        if not earliest and found == gen then
            forget(key)
            if text ~= '' then
                local fields, count = {}, 0
                for word in string.gmatch(text, '[^\n]+') do
                    count = count + 1
                    fields[count] = word
                end
                redis.call('hset', key, unpack(fields))
                redis.call('pexpire', key, args[2])
            else
                redis.call('set', beside(key, 'absent'), 1, 'px', args[3])
                live_on(beside(key, 'state'), args[3])
            end
            kept[i] = 1
            release_fill(key, args[1])
        else
            kept[i] = 0
        end
    end
    return kept
end

-- args: who fills, life of an answer (ms), then for each key what was found, as text: for those who wait.
local function answer_fill(keys, args)
    for i, key in ipairs(keys) do
        redis.call('set', beside(key, 'answer'), args[2 + i], 'px', args[2])
        release_fill(key, args[1])
    end
    return #keys
end

-- args: who fills. A fill that failed: others may try.
local function abandon_fill(keys, args)
    for _, key in ipairs(keys) do
        release_fill(key, args[1])
    end
    return #keys
end

-- args: the writer, how long it is believed (ms), how long the mark must last (ms).
local function begin_write(keys, args)
    local moment = now()
    for _, key in ipairs(keys) do
        if not earliest_write(key, moment) then
            redis.call('hdel', beside(key, 'state'), 'until') -- of a hash that has gone
        end
        redis.call('hset', beside(key, 'state'), 'w:' .. args[1], string.format('%.0f', moment + args[2]))
        mark(key, args[1], args[3])
        redis.call('del', beside(key, 'absent')) -- nobody would take it away if the writer was killed
        if redis.call('exists', key) == 1 then
            limit_life(key, (earliest_write(key, moment)))
        end
    end
    return #keys
end

-- args: the writer, how long it is believed from now (ms). A write that is not believed any more stays so: a fill that came since may
-- have read its event. Returns how many writes are believed.
local function renew_write(keys, args)
    local held, moment = 0, now()
    for _, key in ipairs(keys) do
        earliest_write(key, moment)
        local state = beside(key, 'state')
        if redis.call('hexists', state, 'w:' .. args[1]) == 1 then
            redis.call('hset', state, 'w:' .. args[1], string.format('%.0f', moment + args[2]))
            live_on(state, args[2])
            if redis.call('exists', key) == 1 then
                limit_life(key, (earliest_write(key, moment)))
            end
            held = held + 1
        end
    end
    return held
end

-- args: the writer, a new mark, how long it must last (ms), then for each key the number of the following arguments, fields and
-- increments. A write that is not believed any more, or says -1 for the number since nobody knows what became of it,
-- takes the hash with it. Returns how many hashes were incremented.
local function end_write(keys, args)
    local incremented, at, moment = 0, 4, now()
    for _, key in ipairs(keys) do
        local count = tonumber(args[at])
        local believed = redis.call('hget', beside(key, 'state'), 'w:' .. args[1])
        redis.call('hdel', beside(key, 'state'), 'w:' .. args[1])
        mark(key, args[2], args[3])
        local earliest = earliest_write(key, moment)
        if not believed or tonumber(believed) <= moment or count < 0 then
            forget(key)
        else
            redis.call('del', beside(key, 'absent'), beside(key, 'answer'))
            if redis.call('exists', key) == 1 then
                for i = at + 1, at + count, 2 do
                    redis.call('hincrby', key, args[i], args[i + 1])
                end
                limit_life(key, earliest)
                incremented = incremented + 1
            end
        end
        at = at + 1 + math.max(count, 0)
    end
    return incremented
end

-- args: a new mark, how long it must last (ms). What is cached is not true any more, nor what a fill finds that began before.
local function invalidate(keys, args)
    for _, key in ipairs(keys) do
        forget(key)
        mark(key, args[1], args[2])
    end
    return #keys
end

-- args: an owner, how long it is remembered (ms). Returns for each key whose it is: the owner's from now on, if it was nobody's.
local function claim(keys, args)
    local owners = {}
    for i, key in ipairs(keys) do
        owners[i] = redis.call('get', key)
        if not owners[i] then
            redis.call('set', key, args[1], 'px', args[2])
            owners[i] = args[1]
        end
    end
    return owners
end

-- Where memory is full what is cached is served, and writes are told. Only what stores more is refused.
local function register(name, callback, flags)
    redis.register_function({ function_name = 'entity_metrics_3_' .. name, callback = callback, flags = flags })
end

register('read', read, { 'allow-oom' })
register('begin_fill', begin_fill, {})
register('renew_fill', renew_fill, { 'allow-oom' })
register('end_fill', end_fill, {})
register('answer_fill', answer_fill, { 'allow-oom' })
register('abandon_fill', abandon_fill, { 'allow-oom' })
register('begin_write', begin_write, { 'allow-oom' })
register('renew_write', renew_write, { 'allow-oom' })
register('end_write', end_write, { 'allow-oom' })
register('claim', claim, { 'allow-oom' })
register('invalidate', invalidate, { 'allow-oom' })
