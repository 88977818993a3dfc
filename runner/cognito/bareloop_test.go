package cognito

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// TestBareLoop is what one would write without cogpass: some goroutines that
// call the SDK for one user after another. It keeps its connections, which the
// SDK does not without being told. It is the peer of the benchmarks, which
// build this package's tests and run it with its settings in COGPASS_BARE_LOOP;
// it is here because the SDK is imported here only.
func TestBareLoop(t *testing.T) {
	settings := os.Getenv("COGPASS_BARE_LOOP")
	if settings == "" {
		t.Skip("make bench runs this: COGPASS_BARE_LOOP is not set")
	}
	var s struct {
		Endpoint, Pool, Retries string
		Users                   int64
		Concurrency             int
		List                    bool
	}
	if err := json.Unmarshal([]byte(settings), &s); err != nil {
		t.Fatal(err)
	}
	retryer := map[string]func() aws.Retryer{
		"none":     func() aws.Retryer { return aws.NopRetryer{} },
		"standard": func() aws.Retryer { return retry.NewStandard() },
		"adaptive": func() aws.Retryer { return retry.NewAdaptiveMode() },
	}[s.Retries]
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithBaseEndpoint(s.Endpoint), config.WithRetryer(retryer),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = s.Concurrency, s.Concurrency
		})))
	if err != nil {
		t.Fatal(err)
	}
	client := cip.NewFromConfig(cfg)
	if s.List {
		fmt.Printf("{\"ok\": %d}\n", listAll(t, client, s.Pool))
		return
	}
	var next, ok, failed atomic.Int64
	var workers sync.WaitGroup
	for range s.Concurrency {
		workers.Go(func() {
			for n := next.Add(1); n <= s.Users; n = next.Add(1) {
				_, err := client.AdminSetUserPassword(context.Background(), &cip.AdminSetUserPasswordInput{
					UserPoolId: &s.Pool, Username: aws.String(fmt.Sprintf("user%07d@example.com", n)),
					Password: aws.String(fmt.Sprintf("Passw0rd-%07d", n)), Permanent: true,
				})
				if err != nil {
					failed.Add(1)
				} else {
					ok.Add(1)
				}
			}
		})
	}
	workers.Wait()
	fmt.Printf("{\"ok\": %d, \"failed\": %d}\n", ok.Load(), failed.Load())
}

// listAll lists a pool as the SDK's own paginator does, and returns how many
// users it has. Now and then the SDK loses the connection of an answer that
// comes at once, as from loopback: that page is asked for again.
func listAll(t *testing.T, client *cip.Client, pool string) (users int) {
	pages := cip.NewListUsersPaginator(client, &cip.ListUsersInput{UserPoolId: &pool, Limit: aws.Int32(PageSize)})
	for failed := 0; pages.HasMorePages(); {
		page, err := pages.NextPage(context.Background())
		if err == nil {
			users, failed = users+len(page.Users), 0
		} else if failed++; failed == 5 {
			t.Fatal(err)
		}
	}
	return users
}
