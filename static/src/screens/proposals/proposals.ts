/** The screens of proposals, with their styles. */

import '../../styles/proposals.css';

export { ProposalScreen } from './proposal';
export { ProposalsScreen } from './proposal-list';
