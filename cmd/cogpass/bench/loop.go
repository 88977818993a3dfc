package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// loopResult is what a loop over the SDK came to.
type loopResult struct{ OK, Failed int64 }

// retryers are the SDK's ways to try again.
var retryers = map[string]func() aws.Retryer{
	"none":     func() aws.Retryer { return aws.NopRetryer{} },
	"standard": func() aws.Retryer { return retry.NewStandard() },
	"adaptive": func() aws.Retryer { return retry.NewAdaptiveMode() },
}

// loop is what one would write without cogpass: some goroutines that call the
// SDK for one user after another. It keeps its connections, which the SDK does
// not without being told.
func loop(args []string) error {
	flags := flag.NewFlagSet("loop", flag.ExitOnError)
	endpoint := flags.String("endpoint", "", "")
	users := flags.Int64("users", 0, "")
	concurrency := flags.Int("concurrency", 64, "")
	retries := flags.String("retries", "none", "")
	flags.Parse(args)
	cfg, err := config.LoadDefaultConfig(context.Background(),
		config.WithBaseEndpoint(*endpoint), config.WithRetryer(retryers[*retries]),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = *concurrency, *concurrency
		})))
	if err != nil {
		return err
	}
	client := cip.NewFromConfig(cfg)
	var result loopResult
	var next atomic.Int64
	var workers sync.WaitGroup
	for range *concurrency {
		workers.Go(func() {
			for n := next.Add(1); n <= *users; n = next.Add(1) {
				username, password := user(n)
				_, err := client.AdminSetUserPassword(context.Background(), &cip.AdminSetUserPasswordInput{
					UserPoolId: aws.String(poolID), Username: &username, Password: &password, Permanent: true,
				})
				if err != nil {
					atomic.AddInt64(&result.Failed, 1)
				} else {
					atomic.AddInt64(&result.OK, 1)
				}
			}
		})
	}
	workers.Wait()
	return json.NewEncoder(os.Stdout).Encode(result)
}

// user returns the nth user's name and password.
func user(n int64) (username, password string) {
	return fmt.Sprintf("user%07d@example.com", n), fmt.Sprintf("Passw0rd-%07d", n)
}
