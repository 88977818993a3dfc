package sandbox

// Help is the long help of `cogpass sandbox`, with all that can be set.
const Help = `The sandbox is a stand-in for the Cognito endpoint, in memory, on a loopback
port. It keeps Cognito's state rules, password policy and quotas, collects the
codes it would send, and can be slow, throttle, fail and lose answers.

Point a tool at it:
  export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=http://127.0.0.1:PORT
  export AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:PORT
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=us-west-2

Users and pools
  --listen ADDR            where to listen; loopback only     (127.0.0.1:0)
  --pool FILE              pools and users as JSON:
                             {"pools": [{"id": "us-west-2_aaaaaaaaa",
                               "policy": {"minimumLength": 8, "history": 3},
                               "users": [{"username": "ana", "password": "Passw0rd!",
                                 "attributes": {"email": "ana@example.com",
                                                "email_verified": "true"}}]}]}
                           Try a password with InitiateAuth; a pool that names no
                           app client has one: uswest2aaaaaaaaa, the letters and
                           digits of its ID. "clients": ["app", {"id": "web",
                           "secret": "s3cr3t"}] gives it these, and the second
                           wants a SECRET_HASH. "mfa": "SMS_MFA" of a user is what
                           a sign-in asks for after the password.

Accounts
  --account KEY=ACCOUNT    the account of an access key; of any other it is
                           123456789012. A pool is in the account that its file
                           gives ("account": "111122223333"), and is found with
                           keys of that account only. STS is at the same address:
                           AssumeRole gives keys of the role's account to anyone.

Pace
  --quota CATEGORY=N       requests a second of a category, over all pools of an
                           account and Region; more are throttled.
                           UserAccountRecovery=30 is Cognito's for setting and
                           resetting passwords; others are UserUpdate, UserList,
                           UserRead, UserPoolRead, UserAuthentication, UserToken.
                           0 is none.
  --emails N               e-mails a day and account of pools that send with
                           COGNITO_DEFAULT; Cognito's limit is 50. 0 is none.
  --latency D --jitter D   answers take --latency, give or take --jitter;
                           a change is made half-way. 80 to 120 ms is
                           --latency 100ms --jitter 20ms

Faults of a job's actions; S is a share such as 10% or 0.1
  --throttle S             TooManyRequestsException
  --fail S                 InternalErrorException, HTTP 500
  --lost-after S           the change is made, the connection closed unanswered
  --lost-before S          the connection is closed, nothing changed
  --user-fault NAME=LIST   what the user's first, second and further requests
                           meet, in place of the shares: ok, throttle, 500,
                           lost-after, lost-before, or an error code such as
                           UserLambdaValidationException or "CODE: text". "*3"
                           after one is three times, "*" for ever:
                             --user-fault ana=throttle,500*2,lost-after,ok
                             --user-fault 'bo=NotAuthorizedException: Locked.*'
                           A list for OPERATION/NAME, or for OPERATION, is for
                           that one alone, whichever it is:
                             --user-fault AdminUserGlobalSignOut/ana=lost-after
                             --user-fault ListUsers=throttle*3
                           Of Secrets Manager's, NAME is the secret's:
                             --user-fault PutSecretValue/cognito/POOL/ana=500
  --seed N                 which requests the shares hit; the same seed, user and
                           number of the user's requests always meet the same

While it runs (GET shows, PUT changes; docs/sandbox.md has the forms)
  curl $URL/sandbox/users?pool=ID     users, with how often each was reset and set
  curl $URL/sandbox/tokens            how many refresh tokens hold still
  curl $URL/sandbox/outbox            the codes sent, with their metadata
  curl $URL/sandbox/secrets           secrets, with the value that a reader gets
  curl $URL/sandbox/sessions          what AssumeRole has given, and to whom
  curl $URL/sandbox/log               the latest requests
  curl $URL/sandbox/stats             requests by operation and by second, throttled
                                      ones, connections, the busiest second
  curl -X PUT -d '{"UserAccountRecovery": 15}' $URL/sandbox/quotas
  curl -X PUT -d '{"throttle": 0.1}' $URL/sandbox/faults
  curl -X PUT -d '{"latency": "100ms", "jitter": "20ms"}' $URL/sandbox/latency
  curl -X PUT -d '{"most": 50}' $URL/sandbox/emails    a day, by pools that send with
                                      Cognito's own e-mail; the day ends at 09:00 UTC
  curl -X PUT -d '{"ahead": "24h"}' $URL/sandbox/clock
  curl -X PUT -d '{"expired": true}' $URL/sandbox/sessions   keys of roles, so far
  curl -X PUT --data-binary @pools.json $URL/sandbox/pools
`
