-- What wrk sends to a token endpoint; its last line is the requests per second, unless any failed.

wrk.method = "POST"
wrk.body = "grant_type=client_credentials"
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

function done(summary)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    if failed > 0 then
        io.stderr:write(failed .. " requests failed, of which " .. errors.status .. " by their status\n")
    else
        print(math.floor(summary.requests / summary.duration * 1000000))
    end
end
