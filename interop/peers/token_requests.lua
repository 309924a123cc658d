-- The request that wrk sends to a token endpoint. The last line of the output has the number of requests, the requests per
-- second, and the 99th percentile of the latency in microseconds. It is missing when a request failed.

wrk.method = "POST"
wrk.body = "grant_type=client_credentials"
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    if failed > 0 then
        io.stderr:write(failed .. " requests failed, of which " .. errors.status .. " by their status\n")
    else
        local rate = math.floor(summary.requests / summary.duration * 1000000)
        print(summary.requests .. " " .. rate .. " " .. math.floor(latency:percentile(99)))
    end
end
