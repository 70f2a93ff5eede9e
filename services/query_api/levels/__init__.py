"""A learner's levels worked out on the spot, for the time and the policy that are asked about; and told in words."""
