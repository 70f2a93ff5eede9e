-- What wrk sends for bench.load: scores, each for another piece of evidence, e<first> and on, from the start again
-- after the last. Arguments: first number, how many, token, body. Prints its counts as one line of JSON.
local first, pieces, sent = 1, 1, 0

function init(args)
  first, pieces = tonumber(args[1]), tonumber(args[2])
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. args[3]
  wrk.body = args[4]
end

function request()
  local path = string.format("/v1/evidence/e%d/scores", first + sent % pieces)
  sent = sent + 1
  return wrk.format(nil, path)
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\n{"answers":%d,"failed":%d,"took_us":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
