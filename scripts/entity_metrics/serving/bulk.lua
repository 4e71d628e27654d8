-- What is done to many hashes at once. It is loaded together with cache.lua, whose functions it uses.

-- args: the fill's name, how long a bucket remembers it (ms). Keys are buckets: a write that ends in one gives it another name.
local function begin_bulk(keys, args)
    for _, bucket in ipairs(keys) do
        redis.call('set', bucket, args[1], 'px', args[2])
    end
    return #keys
end

-- The last step of a transaction that has stored hashes of a bucket. Keys: the bucket, and where the outcome is kept. args: the
-- fill's name, how long the outcome is kept (ms), then the names {K}:state of the hashes K: making a hundred names here would take a
-- tenth of the fill. If a write ended in the bucket since the fill began, nothing stays; else all but hashes with a write in progress,
-- and no absence beside one.
local function end_bulk(keys, args)
    local outcome = keys[2]
    local function hashes()
        local names, absences = {}, {}
        for i = 3, #args do
            names[i - 2] = string.sub(args[i], 2, -8)
            absences[i - 2] = beside(names[i - 2], 'absent')
        end
        return names, absences
    end
    local kept = #args - 2
    redis.call('hincrby', outcome, 'batches', 1)
    redis.call('pexpire', outcome, args[2])
    if redis.call('get', keys[1]) ~= args[1] then
        redis.call('unlink', unpack((hashes())))
        redis.call('hset', outcome, keys[1], 1)
        return 0
    end
    if redis.call('exists', unpack(args, 3)) > 0 then
        local names, absences = hashes()
        local moment = now()
        redis.call('unlink', unpack(absences))
        for _, key in ipairs(names) do
            if earliest_write(key, moment) then
                redis.call('unlink', key)
            end
        end
        kept = redis.call('exists', unpack(names))
    end
    redis.call('hincrby', outcome, 'kept', kept)
    redis.call('hincrby', outcome, 'left', #args - 2 - kept)
    return kept
end

-- As `invalidate`, but what is not cached, and nobody fills, is left as it is. Returns how many keys that were.
local function invalidate_cached(keys, args)
    local found = 0
    for _, key in ipairs(keys) do
        if redis.call('exists', key, beside(key, 'absent'), beside(key, 'answer'), beside(key, 'state')) > 0 then
            forget(key)
            mark(key, args[1], args[2])
            found = found + 1
        end
    end
    return found
end

local function is_ours(key)
    return string.find(key, '^{?entity:metrics:') or string.find(key, '^{?reactions:') or string.find(key, '^{?user:metrics:')
end

local function ends_with(text, ending)
    return string.sub(text, -#ending) == ending
end

local ESCAPED = { ['\t'] = '\\t', ['\n'] = '\\n', ['\\'] = '\\\\', ['\r'] = '\\r', ['\0'] = '\\0' }

local function line(...)
    local columns = { ... }
    for i, text in ipairs(columns) do
        columns[i] = string.gsub(text, '[%c\\]', ESCAPED)
    end
    return table.concat(columns, '\t') .. '\n'
end

-- Adds to `lines` what is cached under a key, as text for ClickHouse: the look, key, kind, time to live (ms; -1: none), field, value.
local function describe(look, key, lines)
    local ttl = tostring(redis.call('pttl', key))
    local kind = redis.call('type', key)['ok']
    if kind == 'hash' then
        local fields = redis.call('hgetall', key)
        for i = 1, #fields, 2 do
            lines[#lines + 1] = line(look, key, kind, ttl, fields[i], fields[i + 1])
        end
    elseif kind ~= 'none' then
        lines[#lines + 1] = line(look, key, kind, ttl, '', '')
    elseif redis.call('exists', beside(key, 'absent')) == 1 then
        lines[#lines + 1] = line(look, key, 'absent', tostring(redis.call('pttl', beside(key, 'absent'))), '', '')
    else
        lines[#lines + 1] = line(look, key, kind, '0', '', '')
    end
end

-- args: which look it is. Returns the text that `describe` makes of them.
local function dump(keys, args)
    local lines = {}
    for _, key in ipairs(keys) do
        describe(args[1], key, lines)
    end
    return table.concat(lines)
end

-- args: where to go on, how many keys, which look it is. Returns where to go on, '0' at the end, and the text of all keys of ours that
-- were seen. Of the keys beside a hash only an absence is in it, and what lives for ever.
local function scan_dump(_, args)
    local found, lines = redis.call('scan', args[1], 'count', args[2]), {}
    for _, key in ipairs(found[2]) do
        if is_ours(key) and not string.find(key, '^entity:metrics:cursor') then
            if string.sub(key, 1, 1) ~= '{' then
                describe(args[3], key, lines)
            elseif ends_with(key, '}:absent') then
                local hash = string.sub(key, 2, -9)
                if redis.call('exists', hash) == 0 then
                    describe(args[3], hash, lines)
                end
            elseif redis.call('pttl', key) == -1 then
                lines[#lines + 1] = line(args[3], key, 'beside', '-1', '', '')
            end
        end
    end
    return { found[1], table.concat(lines) }
end

-- args: where to go on, how many keys, a new mark, what names begin with. Removes what is cached; a fill that is under way will not be kept. What is known of
-- writes in progress, and of the events' ids, stays and expires. Returns where to go on, and how many keys were removed.
local function scan_clear(_, args)
    local found, removed = redis.call('scan', args[1], 'count', args[2]), 0
    for _, key in ipairs(found[2]) do
        local name = string.gsub(key, '^{', '')
        if is_ours(key) and string.sub(name, 1, #args[4]) == args[4] then
            if ends_with(key, '}:state') then
                redis.call('hset', key, 'gen', args[3])
            elseif string.find(key, '}:writes:') then
                redis.call('set', key, args[3], 'keepttl')
            elseif not (ends_with(key, '}:fill') or string.find(key, '}:event:') or string.find(key, '^{entity:metrics:bulk}:')) then
                removed = removed + redis.call('unlink', key)
            end
        end
    end
    return { found[1], removed }
end

register('begin_bulk', begin_bulk, { 'allow-oom' })
register('end_bulk', end_bulk, {})
register('invalidate_cached', invalidate_cached, { 'allow-oom' })
register('dump', dump, { 'allow-oom' })
-- Without keys, these may touch all that the server has.
register('scan_dump', scan_dump, { 'allow-oom', 'allow-cross-slot-keys' })
register('scan_clear', scan_clear, { 'allow-oom', 'allow-cross-slot-keys' })
