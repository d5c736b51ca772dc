/** An account and region of AWS, as a stackfile and a query of the API state them. */

export interface Place {
  account?: string;
  region?: string;
}

/** The place that `Account.key` names; '' names none. */
export function placeOf(key: string): Place {
  const [account, region] = key.split('/');
  return { ...(account ? { account } : {}), ...(region ? { region } : {}) };
}

/** An account with its region where that is stated. */
export function placeInWords({ account, region }: Place): string {
  return [account, region].filter(Boolean).join(' · ');
}
