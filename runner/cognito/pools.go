package cognito

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// PoolName is a user pool in a list of several.
type PoolName struct{ ID, Name string }

// poolIDs is the form of a pool's ID. Source: the API reference, UserPoolType.
var poolIDs = form{regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`), 55}

const (
	poolsPage = 60 // the most that ListUserPools gives at once; source: the API reference
	poolPages = 5
)

// Pools lists the user pools of the Region, for a person to choose from; more says
// that there are more than the few hundred that it lists. Its error is a
// *runner.Error.
func (c *Client) Pools(ctx context.Context) (pools []PoolName, more bool, err error) {
	var token *string
	for range poolPages {
		page, next, err := c.poolsFrom(ctx, token)
		pools = append(pools, page...)
		if err != nil || aws.ToString(next) == "" {
			return pools, false, err
		}
		token = next
	}
	return pools, true, nil
}

func (c *Client) poolsFrom(ctx context.Context, token *string) (pools []PoolName, next *string, err error) {
	ctx, done, f := c.begin(ctx)
	defer done()
	out, err := c.strict.ListUserPools(ctx, &cip.ListUserPoolsInput{MaxResults: aws.Int32(poolsPage), NextToken: token})
	if err != nil {
		return nil, nil, classify(err, attempt{left: f.left(err)})
	}
	for _, p := range out.UserPools {
		if id := fit(aws.ToString(p.Id), poolIDs); id != "" {
			pools = append(pools, PoolName{id, short(oneLine(aws.ToString(p.Name)))})
		}
	}
	return pools, out.NextToken, nil
}
